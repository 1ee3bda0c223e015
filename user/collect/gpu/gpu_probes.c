// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_probes.c - the probes that time calls of the drivers of GPUs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "collect/gpu/gpu_probes.h"
#include "collect/kernel/stat_maps.h"
#include "collect/target/code_check.h"
#include "host/isolate.h"
#include "host/kernel_quirks.h"

#define DRIVERS_MOST 4
#define LOOK_SOON_NS 250000000ULL	/* between looks at a target's mappings, of which there may be thousands ... */
#define LOOK_SOON_TIMES 40		/* ... for the first ones; then ... */
#define LOOK_LATER_NS 2000000000ULL	/* ... at these intervals */

#define LEVEL_0 "waits for the GPU are estimated from samples of the stack (level 0): "

/* ---- drivers in a target ---- */

struct driver_map {
	enum library_kind library;
	struct target_mapping map;
	char path[256];
};

struct driver_search {
	const struct gpu_probes *probes;
	const struct target *target;
	struct driver_map list[DRIVERS_MOST];
	size_t nr;
};

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

	if (!map->executable || !map->ino || !driver_functions_are_known(library_kind_of(map->path)) || is_listed(search, map))
		return true;
	snprintf(to->path, sizeof(to->path), "%s", map->path);
	to->library = library_kind_of(map->path);
	to->map = (struct target_mapping){search->target->pid, map->start, map->end, map->dev, map->ino, NULL};
	search->nr++;
	return search->nr < DRIVERS_MOST;
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

/* A function that the target has patched in its memory, as UCX does, is left alone. Returns false if there is one. */
static bool leave_patched(struct driver_functions *functions, const struct target *target, int fd)
{
	struct code_place place;
	__u32 i, kept = 0, all = functions->nr;

	for (i = 0; i < all; i++) {
		place = (struct code_place){.offset = functions->list[i].offset, .size = DRIVER_CODE_BYTES};
		memcpy(place.bytes, functions->list[i].code, sizeof(functions->list[i].code));
		if (code_check(target, fd, &place, 1) != CODE_PATCHED)
			functions->list[kept++] = functions->list[i];
	}
	functions->nr = kept;
	return kept == all;
}

static int attach_places(struct gpu_probe *probe, const struct programs *bpf, const char *path, const struct uprobe_places *places)
{
	struct uprobe_place place = {.pid = probe->pid, .path = path, .several = places};
	const struct bpf_program *entries = bpf->skel->progs.on_gpu_call, *returns = bpf->skel->progs.on_gpu_return;

	probe->links[probe->nr_links] = uprobe_attach(entries, &place);
	if (!probe->links[probe->nr_links])
		return -errno;
	probe->nr_links++;
	place.at_return = true;
	probe->links[probe->nr_links] = uprobe_attach(returns, &place);
	if (!probe->links[probe->nr_links])
		return -errno;
	probe->nr_links++;
	return 0;
}

/* A kernel that has links of several places gets one for all entries and one for all returns. */
static int attach_functions(struct gpu_probe *probe, const struct programs *bpf, int fd, const struct driver_functions *functions)
{
	__u32 i, at_once = uprobe_has_links() ? functions->nr : 1;
	struct uprobe_places places = {0};
	char path[64];
	int err = 0;

	probe->links = calloc(2 * (size_t)functions->nr, sizeof(*probe->links));
	if (!probe->links)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < functions->nr && !err; i++) {
		places.offsets[places.nr] = functions->list[i].offset;
		places.cookies[places.nr++] = functions->list[i].cookie;
		if (places.nr < at_once)
			continue;
		err = attach_places(probe, bpf, path, &places);
		places.nr = 0;
	}
	return err;
}

static void close_probe(struct gpu_probe *probe)
{
	size_t i;

	for (i = 0; i < probe->nr_links; i++)
		uprobe_detach(probe->links[i]);
	free(probe->links);
	probe->links = NULL;
	probe->nr_links = 0;
}

/* Returns -errno. A driver that cannot be probed stays in the list, without links: it is not tried again. */
static int probe_file(struct gpu_probes *probes, const struct programs *bpf, const struct target *target,
		      const struct driver_map *driver, struct driver_functions *functions, struct notes *notes)
{
	int fd = target_file_open_mapping_probe(&driver->map), err;
	struct gpu_probe *probe = &probes->list[probes->nr++];

	*probe = (struct gpu_probe){.pid = target->pid, .dev = driver->map.dev, .ino = driver->map.ino};
	if (fd < 0)
		return fd;
	if (!leave_patched(functions, target, fd)) {
		probes->refused = true;
		notes_add(notes, LEVEL_0 "process %d has changed functions of the GPU's driver in its memory (a hook, such as UCX's): those are left "
			  "alone", target->pid);
	}
	err = functions->nr ? attach_functions(probe, bpf, fd, functions) : -ENOENT;
	close(fd);
	if (err)
		close_probe(probe);
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
	probes->refused = true;
	if (!target_is_gone(target))
		notes_add(notes, LEVEL_0 "the calls of the GPU's driver in process %d cannot be probed: %s", target->pid,
			  err == -ENOENT ? "its file has none of their names, or the process has changed their code in memory" : strerror(-err));
}

static void probe_drivers(struct gpu_probes *probes, const struct programs *bpf, struct target *target,
			  const struct driver_search *search, struct notes *notes)
{
	size_t i;

	if (!kernel_quirks_check_return(target->pid)) {
		for (i = 0; i < search->nr; i++)
			probe_driver(probes, bpf, target, &search->list[i], notes);
		return;
	}
	notes_add(notes, LEVEL_0 "%s", dcbs_profiler_error());
	probes->refused = true;
	target->gpu_look_ns = ~0ULL;
}

/* The process has executed another image. */
static void forget_image(struct gpu_probes *probes, struct target *target, __u64 now)
{
	gpu_probes_forget(probes, target);
	target->gpu_execs = target->execs;
	target->gpu_look_ns = target->parent ? now + GPU_CHILD_NS : 0;
	target->gpu_looked_ns = now;
}

void gpu_probes_look(struct gpu_probes *probes, const struct programs *bpf, struct target *target, struct notes *notes)
{
	struct driver_search search = {.probes = probes, .target = target};
	__u64 now = clock_now_ns();

	if (target->gpu_execs != target->execs)
		forget_image(probes, target, now);
	if (probes->left || now < target->gpu_look_ns || target_is_gone(target))
		return;
	target->gpu_look_ns = now + (target->gpu_looks++ < LOOK_SOON_TIMES ? LOOK_SOON_NS : LOOK_LATER_NS);
	if (!proc_each_mapping(target->pid, visit_driver, &search) && search.nr)
		probe_drivers(probes, bpf, target, &search, notes);
	target->gpu_looked_ns = now;
}

__u64 gpu_probes_due(const struct gpu_probes *probes, const struct target_list *targets, __u64 now, __u64 next)
{
	size_t i;

	for (i = 0; i < targets->nr && !probes->left; i++)
		if (targets->list[i].pid && targets->list[i].gpu_look_ns > now && targets->list[i].gpu_look_ns < next)
			next = targets->list[i].gpu_look_ns;
	return next;
}

/* ---- detach ---- */

void gpu_probes_forget(struct gpu_probes *probes, struct target *target)
{
	size_t i, kept = 0;

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
		nr += probes->list[i].nr_links;
	return nr;
}

void gpu_probes_leave(struct gpu_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		close_probe(&probes->list[i]);
	probes->left = true;
}

void gpu_probes_close(struct gpu_probes *probes)
{
	gpu_probes_leave(probes);
	free(probes->list);
	*probes = (struct gpu_probes){0};
}

/* ---- figures ---- */

static void merge_gpu_sum(struct gpu_sum *to, const struct gpu_sum *from)
{
	const __u64 *add = (const __u64 *)from;
	__u64 *sum = (__u64 *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*sum); i++)
		sum[i] += add[i];
}

void gpu_probes_copy(const struct gpu_probes *probes, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_sums);
	__u32 id, used = (__u32)stat_maps_used(bpf);
	struct gpu_sum sum;

	snap->gpu_probes = probes->attached;
	snap->gpu_timed = probes->attached && !probes->left && !probes->refused;
	snap->gpu_untimed_ns = probes->untimed_ns;
	snap->gpu_libraries |= probes->libraries;
	for (id = SECTION_OTHER; id < used && probes->attached; id++) {
		if (bpf_map_lookup_elem(map, &id, &sum))
			continue;
		if (id == SECTION_OUTSIDE)
			merge_gpu_sum(&snap->outside_gpu, &sum);
		else if (section_index[id] < snap->nr_sections)
			merge_gpu_sum(&snap->sections[section_index[id]]->gpu, &sum);
	}
}

void gpu_probes_add_open(struct snapshot *snap, const struct thread_view *views, size_t nr_views, const __u16 *section_index)
{
	__u64 *open_ns, ns;
	__u16 section;
	size_t i;

	for (i = 0; i < nr_views; i++) {
		if (!views[i].gpu_begun_ns || views[i].gpu_begun_ns >= snap->end_ns || views[i].gpu_section >= BPFPROF_SECTIONS)
			continue;
		section = section_index[views[i].gpu_section];
		open_ns = section < snap->nr_sections ? &snap->sections[section]->gpu_open_ns : &snap->outside_gpu_open_ns;
		ns = snap->end_ns - views[i].gpu_begun_ns;
		*open_ns = ns > *open_ns ? ns : *open_ns;
	}
}

void gpu_probes_clear(const struct gpu_probes *probes, const struct programs *bpf)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_sums);
	static const struct gpu_sum none;
	__u32 id;

	for (id = 0; id < stat_maps_used(bpf) && probes->attached; id++)
		bpf_map_update_elem(map, &id, &none, BPF_ANY);
}
