// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_check.c - checks that the code in a target's memory is the code of its file. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mapped_files.h"
#include "base/proc.h"
#include "collect/kernel/known_probes.h"
#include "collect/target/code_check.h"

#define BREAKPOINT 0xcc		/* another probe, or somebody's breakpoint */
#define LEAVING_US 50000	/* between looks at a breakpoint that may be one of a profiler that has just ended ... */
#define LEAVING_TRIES 20	/* ... and how often */

struct code_search {
	const struct target *target;
	struct statx file;
	const struct code_place *places;
	size_t nr;
	enum code_state state;
};

/* A breakpoint of which the kernel cannot tell is taken for a debugger's if the process has one. */
static bool is_probe(const struct target *target, __u64 offset)
{
	enum known_probe known = known_probes_find(offset);
	__u64 tracer = 0;

	if (known != PROBE_CANNOT_TELL)
		return known == PROBE_IS_KNOWN;
	return proc_status_number(target->pid, "TracerPid", 10, &tracer) && !tracer;
}

static enum code_state compare_code(const struct target *target, const unsigned char *memory, const struct code_place *place, size_t size)
{
	static const unsigned char nop5[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	const unsigned char *file = place->bytes;
	enum code_state state = CODE_SAME;
	size_t i;

	for (i = 0; i < size; i++) {
		if (memory[i] == file[i])
			continue;
		if (memory[i] == BREAKPOINT) {
			if (!is_probe(target, place->offset + i))
				state = CODE_BREAKPOINT;
			continue;
		}
		/* From Linux 6.18 on the kernel turns a probe on such a nop into a call. */
		if (memory[i] != 0xe8 || size - i < sizeof(nop5) || memcmp(file + i, nop5, sizeof(nop5)))
			return CODE_PATCHED;
		i += sizeof(nop5) - 1;
	}
	return state;
}

static enum code_state check_place(const struct code_search *search, const struct proc_mapping *map, const struct code_place *place)
{
	unsigned char memory[CODE_BYTES];
	__u64 address = map->start + (place->offset - map->offset), left = map->end - address;
	size_t size = left < place->size ? left : place->size;

	if (!size || target_read(search->target, address, memory, size))
		return CODE_UNREADABLE;
	return compare_code(search->target, memory, place, size);
}

static bool check_mapping(void *ctx, const struct proc_mapping *map)
{
	struct code_search *search = ctx;
	size_t i;

	if (!mapped_files_is(search->target->pid, map, &search->file))
		return true;
	for (i = 0; i < search->nr; i++) {
		const struct code_place *place = &search->places[i];

		if (place->offset < map->offset || place->offset - map->offset >= map->end - map->start)
			continue;
		search->state = check_place(search, map, place);
		if (search->state != CODE_SAME)
			return false;
	}
	return true;
}

void code_place_read(struct code_place *place, int fd, __u64 offset)
{
	ssize_t n = pread(fd, place->bytes, sizeof(place->bytes), (off_t)offset);

	place->offset = offset;
	place->size = n > 0 ? (__u32)n : 0;
}

static enum code_state check_once(const struct target *target, int fd, const struct code_place *places, size_t nr)
{
	struct code_search search = {.target = target, .places = places, .nr = nr, .state = CODE_NOT_MAPPED};

	if (!mapped_files_identify(fd, &search.file) || proc_each_mapping(target->pid, check_mapping, &search))
		return CODE_UNREADABLE;
	return search.state;
}

/* When a profiler ends, the kernel forgets its links first, and then takes their breakpoints out. */
enum code_state code_check(const struct target *target, int fd, const struct code_place *places, size_t nr)
{
	enum code_state state = check_once(target, fd, places, nr);
	int i;

	for (i = 0; i < LEAVING_TRIES && state == CODE_BREAKPOINT; i++) {
		usleep(LEAVING_US);
		state = check_once(target, fd, places, nr);
	}
	return state;
}

struct mapping_search {
	const struct target *target;
	struct statx file;
	bool found;
};

static bool note_mapping(void *ctx, const struct proc_mapping *map)
{
	struct mapping_search *search = ctx;

	search->found = mapped_files_is(search->target->pid, map, &search->file);
	return !search->found;
}

bool code_is_mapped(const struct target *target, int fd)
{
	struct mapping_search search = {.target = target};

	return mapped_files_identify(fd, &search.file) && !proc_each_mapping(target->pid, note_mapping, &search) && search.found;
}
