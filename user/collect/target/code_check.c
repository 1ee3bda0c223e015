// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* code_check.c - checks that the code in a target's memory is the code of its file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "collect/target/code_check.h"

#define CHECK_BYTES 16		/* at each place: the longest instruction has 15 */
#define BREAKPOINT 0xcc		/* another probe, which the kernel knows of */

struct code_search {
	const struct target *target;
	int fd;
	struct stat file;
	const __u64 *offsets;
	size_t nr;
	enum code_state state;
};

/* The maps show an overlay's own inode and device; the link of the mapping leads to the very file. */
static bool is_mapping_of(const struct code_search *search, const struct proc_mapping *map)
{
	struct stat st;
	char path[96];

	if (!map->executable || !map->ino)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", search->target->pid, map->start, map->end);
	if (!stat(path, &st))
		return st.st_ino == search->file.st_ino && st.st_dev == search->file.st_dev;
	return map->ino == search->file.st_ino;
}

static bool is_same_code(const unsigned char *memory, const unsigned char *file, size_t size)
{
	static const unsigned char nop5[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	size_t i;

	for (i = 0; i < size; i++) {
		if (memory[i] == file[i] || memory[i] == BREAKPOINT)
			continue;
		/* From Linux 6.18 on the kernel turns a probe on such a nop into a call. */
		if (memory[i] != 0xe8 || size - i < sizeof(nop5) || memcmp(file + i, nop5, sizeof(nop5)))
			return false;
		i += sizeof(nop5) - 1;
	}
	return true;
}

static enum code_state check_place(const struct code_search *search, const struct proc_mapping *map, __u64 offset)
{
	unsigned char memory[CHECK_BYTES], file[CHECK_BYTES];
	__u64 address = map->start + (offset - map->offset), left = map->end - address;
	size_t size = left < CHECK_BYTES ? left : CHECK_BYTES;
	ssize_t n = pread(search->fd, file, size, (off_t)offset);

	if (n <= 0 || target_read(search->target, address, memory, (size_t)n))
		return CODE_UNREADABLE;
	return is_same_code(memory, file, (size_t)n) ? CODE_SAME : CODE_PATCHED;
}

static bool check_mapping(void *ctx, const struct proc_mapping *map)
{
	struct code_search *search = ctx;
	size_t i;

	if (!is_mapping_of(search, map))
		return true;
	for (i = 0; i < search->nr; i++) {
		__u64 offset = search->offsets[i];

		if (offset < map->offset || offset - map->offset >= map->end - map->start)
			continue;
		search->state = check_place(search, map, offset);
		if (search->state != CODE_SAME)
			return false;
	}
	return true;
}

enum code_state code_check(const struct target *target, int fd, const __u64 *offsets, size_t nr)
{
	struct code_search search = {.target = target, .fd = fd, .offsets = offsets, .nr = nr, .state = CODE_NOT_MAPPED};

	if (fstat(fd, &search.file) || proc_each_mapping(target->pid, check_mapping, &search))
		return CODE_UNREADABLE;
	return search.state;
}
