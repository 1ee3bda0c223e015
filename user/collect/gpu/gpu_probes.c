// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_probes.c - the probes on the drivers of GPUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "collect/gpu/gpu_pieces.h"
#include "collect/gpu/gpu_probes.h"
#include "collect/target/code_check.h"
#include "host/isolate.h"
#include "host/kernel_quirks.h"

#define DRIVERS_MOST 4
#define LOOK_SOON_NS 250000000ULL	/* between looks at a target's mappings, of which there may be thousands ... */
#define LOOK_SOON_TIMES 40		/* ... for the first ones; then ... */
#define LOOK_LATER_NS 2000000000ULL	/* ... at these intervals */

#define LEVEL_0 "waits for the GPU are estimated from samples of the stack (level 0): "
#define NO_MEMORY "the GPU's memory is not observed: "

/* ---- drivers in a target ---- */

struct driver_map {
	enum library_kind library;
	struct target_mapping map;
	char path[256];
	bool hooked;	/* see struct driver_search */
};

struct driver_search {
	const struct gpu_probes *probes;
	const struct target *target;
	struct driver_map list[DRIVERS_MOST];
	size_t nr;
	bool hooked;	/* UCX is there, which replaces the first instructions of functions for memory: a probe there would keep it from that */
};

static bool is_hook(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && !strncmp(slash, "/libucm", strlen("/libucm"));
}

static bool is_probed(const struct gpu_probes *probes, pid_t pid, __u64 dev, __u64 ino)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].pid == pid && probes->list[i].dev == dev && probes->list[i].ino == ino)
			return true;
	return false;
}

static bool is_listed(const struct driver_search *search, const struct proc_mapping *map)
{
	size_t i;

	for (i = 0; i < search->nr; i++)
		if (search->list[i].map.dev == map->dev && search->list[i].map.ino == map->ino)
			return true;
	return is_probed(search->probes, search->target->pid, map->dev, map->ino);
}

static bool visit_driver(void *ctx, const struct proc_mapping *map)
{
	struct driver_search *search = ctx;
	struct driver_map *to = &search->list[search->nr];

	search->hooked |= is_hook(map->path);
	if (search->nr == DRIVERS_MOST)
		return true;
	if (!map->executable || !map->ino || !driver_functions_are_known(library_kind_of(map->path)) || is_listed(search, map))
		return true;
	snprintf(to->path, sizeof(to->path), "%s", map->path);
	to->library = library_kind_of(map->path);
	to->map = (struct target_mapping){search->target->pid, map->start, map->end, map->dev, map->ino, NULL};
	search->nr++;
	return true;
}

static void find_functions_of(void *ctx, void *result)
{
	const struct target_mapping *map = ctx;
	struct driver_functions *functions = result;
	int fd = target_file_open_mapping(map);

	memset(functions, 0, sizeof(*functions));
	if (fd < 0)
		return;
	driver_functions_find(functions, fd);
	close(fd);
}

/* ---- attach ---- */

/* Functions that the target has patched in its memory, as UCX does, are left alone. Sets *patched of their groups. */
static void leave_patched(struct driver_functions *functions, const struct target *target, int fd, bool *patched)
{
	struct code_place place;
	__u32 i, kept = 0;

	for (i = 0; i < functions->nr; i++) {
		place = (struct code_place){.offset = functions->list[i].offset, .size = DRIVER_CODE_BYTES};
		memcpy(place.bytes, functions->list[i].code, sizeof(functions->list[i].code));
		if (code_check(target, fd, &place, 1) != CODE_PATCHED)
			functions->list[kept++] = functions->list[i];
		else
			patched[driver_functions_group(functions->list[i].cookie)] = true;
	}
	functions->nr = kept;
}

static void note_patched(struct gpu_probes *probes, const struct target *target, const bool *patched, struct notes *notes)
{
	enum driver_group group;

	for (group = 0; group < DRIVER_GROUPS; group++) {
		if (!patched[group])
			continue;
		probes->refused[group] = true;
		if (group == DRIVER_LAUNCHES)
			continue;
		notes_add(notes, "%sprocess %d has changed functions of the GPU's driver in its memory (a hook, such as UCX's): those are left "
			  "alone", group == DRIVER_MEMORY ? NO_MEMORY : LEVEL_0, target->pid);
	}
}

static void close_probe(struct gpu_probe *probe)
{
	enum driver_group group;

	for (group = 0; group < DRIVER_GROUPS; group++)
		gpu_links_close(&probe->links[group]);
	free(probe->functions);
	probe->functions = NULL;
}

/* For censuses. */
static void keep_functions(struct gpu_probe *probe, const struct driver_map *driver, const struct driver_functions *functions)
{
	probe->map = driver->map;
	probe->functions = malloc(sizeof(*probe->functions));
	if (probe->functions)
		*probe->functions = *functions;
}

/* Calls for memory are probed in addition, where that does no harm. */
static void probe_memory(struct gpu_probes *probes, struct gpu_probe *probe, const struct programs *bpf, int fd,
			 const struct driver_functions *functions, struct notes *notes)
{
	int err = 0;

	if (probes->left[DRIVER_MEMORY])
		return;
	if (!probe->hooked)
		err = gpu_links_attach(&probe->links[DRIVER_MEMORY], bpf, probe->pid, fd, functions, DRIVER_MEMORY);
	if (!err && !probe->hooked)
		return;
	probes->refused[DRIVER_MEMORY] = true;
	if (probe->hooked)
		notes_add(notes, NO_MEMORY "process %d has loaded UCX, which replaces functions of the GPU's driver", probe->pid);
	else if (err != -ESRCH)
		notes_add(notes, NO_MEMORY "calls of the driver for it in process %d cannot be probed: %s", probe->pid,
			  err == -ENOENT ? "its file has none of their names, or the process has changed them" : strerror(-err));
}

/* Returns -errno. A driver that cannot be probed stays in the list, without links: it is not tried again. */
static int probe_file(struct gpu_probes *probes, const struct programs *bpf, const struct target *target,
		      const struct driver_map *driver, struct driver_functions *functions, struct notes *notes)
{
	int fd = target_file_open_mapping_probe(&driver->map), err = 0;
	struct gpu_probe *probe = &probes->list[probes->nr++];
	bool patched[DRIVER_GROUPS] = {false};

	*probe = (struct gpu_probe){.pid = target->pid, .dev = driver->map.dev, .ino = driver->map.ino, .hooked = driver->hooked};
	if (fd < 0)
		return fd;
	leave_patched(functions, target, fd, patched);
	note_patched(probes, target, patched, notes);
	if (!probes->left[DRIVER_CALLS])
		err = gpu_links_attach(&probe->links[DRIVER_CALLS], bpf, target->pid, fd, functions, DRIVER_CALLS);
	if (!err) {
		keep_functions(probe, driver, functions);
		probe_memory(probes, probe, bpf, fd, functions, notes);
	}
	close(fd);
	return err;
}

/* Calls between the last look without the driver and now were not timed. */
static void note_attached(struct gpu_probes *probes, const struct programs *bpf, const struct target *target, enum library_kind library)
{
	__u64 now = clock_now_ns(), window = bpf->skel->bss->window.start_ns, since = target->gpu_looked_ns;

	if (!since)
		since = target->born_ns ? target->born_ns : window;
	if (since < window)
		since = window;
	if (window && now > since && now - since > probes->untimed_ns)
		probes->untimed_ns = now - since;
	probes->attached++;
	probes->libraries |= 1U << library;
}

static void probe_driver(struct gpu_probes *probes, const struct programs *bpf, const struct target *target,
			 const struct driver_map *driver, struct notes *notes)
{
	struct driver_functions functions = {.nr = 0};
	struct target_mapping map = driver->map;
	int err;

	map.path = driver->path;
	if (!array_reserve(probes->list, probes->nr, probes->room, 1))
		return;
	err = isolate_call(find_functions_of, &map, &functions, sizeof(functions));
	if (err)
		functions.nr = 0;
	err = probe_file(probes, bpf, target, driver, &functions, notes);
	if (!err) {
		probes->stepped |= functions.stepped;
		note_attached(probes, bpf, target, driver->library);
		return;
	}
	probes->refused[DRIVER_CALLS] = probes->refused[DRIVER_MEMORY] = true;
	if (!target_is_gone(target))
		notes_add(notes, LEVEL_0 "the calls of the GPU's driver in process %d cannot be probed: %s", target->pid,
			  err == -ENOENT ? "its file has none of their names, or the process has changed their code in memory" : strerror(-err));
}

static void probe_drivers(struct gpu_probes *probes, const struct programs *bpf, struct target *target,
			  struct driver_search *search, struct notes *notes)
{
	size_t i;

	if (!kernel_quirks_check_return(target->pid)) {
		for (i = 0; i < search->nr; i++) {
			search->list[i].hooked = search->hooked;
			probe_driver(probes, bpf, target, &search->list[i], notes);
		}
		return;
	}
	notes_add(notes, LEVEL_0 "%s", dcbs_profiler_error());
	probes->refused[DRIVER_CALLS] = probes->refused[DRIVER_MEMORY] = true;
	target->gpu_look_ns = ~0ULL;
}

void gpu_probes_init(struct gpu_probes *probes, bool left)
{
	enum driver_group group;

	for (group = 0; group < DRIVER_GROUPS; group++)
		probes->left[group] = left;
}

bool gpu_probes_are_left(const struct gpu_probes *probes)
{
	return probes->left[DRIVER_CALLS] && probes->left[DRIVER_MEMORY];
}

/* The process has executed another image. */
static void forget_image(struct gpu_probes *probes, const struct programs *bpf, struct target *target, __u64 now)
{
	gpu_probes_forget(probes, bpf, target);
	target->gpu_execs = target->execs;
	target->gpu_look_ns = target->parent ? now + GPU_CHILD_NS : 0;
	target->gpu_looked_ns = now;
}

void gpu_probes_look(struct gpu_probes *probes, const struct programs *bpf, struct target *target, struct notes *notes)
{
	struct driver_search search = {.probes = probes, .target = target};
	__u64 now = clock_now_ns();

	if (target->gpu_execs != target->execs)
		forget_image(probes, bpf, target, now);
	if (gpu_probes_are_left(probes) || now < target->gpu_look_ns || target_is_gone(target))
		return;
	target->gpu_look_ns = now + (target->gpu_looks++ < LOOK_SOON_TIMES ? LOOK_SOON_NS : LOOK_LATER_NS);
	if (!proc_each_mapping(target->pid, visit_driver, &search) && search.nr)
		probe_drivers(probes, bpf, target, &search, notes);
	target->gpu_looked_ns = now;
}

__u64 gpu_probes_due(const struct gpu_probes *probes, const struct target_list *targets, __u64 now, __u64 next)
{
	size_t i;

	for (i = 0; i < targets->nr && !gpu_probes_are_left(probes); i++)
		if (targets->list[i].pid && targets->list[i].gpu_look_ns > now && targets->list[i].gpu_look_ns < next)
			next = targets->list[i].gpu_look_ns;
	return next;
}

/* ---- detach ---- */

void gpu_probes_forget(struct gpu_probes *probes, const struct programs *bpf, struct target *target)
{
	size_t i, kept = 0;

	if (probes->attached)
		gpu_pieces_forget(bpf, target->tgid);
	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].pid == target->pid)
			close_probe(&probes->list[i]);
		else
			probes->list[kept++] = probes->list[i];
	probes->nr = kept;
	target->gpu_look_ns = target->gpu_looked_ns = 0;
	target->gpu_looks = 0;
}

size_t gpu_probes_links(const struct gpu_probes *probes)
{
	size_t i, nr = 0;

	for (i = 0; i < probes->nr; i++)
		nr += probes->list[i].links[DRIVER_CALLS].nr + probes->list[i].links[DRIVER_MEMORY].nr;
	return nr;
}

void gpu_probes_leave(struct gpu_probes *probes, enum driver_group group)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		gpu_links_close(&probes->list[i].links[group]);
	probes->left[group] = true;
}

void gpu_probes_close(struct gpu_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		close_probe(&probes->list[i]);
	free(probes->list);
	*probes = (struct gpu_probes){0};
}
