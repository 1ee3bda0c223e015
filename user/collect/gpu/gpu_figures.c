// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_figures.c - see gpu_figures.h. */
#include <bpf/bpf.h>

#include "base/array.h"
#include "collect/gpu/gpu_figures.h"
#include "collect/gpu/gpu_pieces.h"
#include "collect/kernel/stat_maps.h"

void gpu_figures_copy(const struct gpu_probes *probes, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_sums);
	__u32 id, used = (__u32)stat_maps_used(bpf);
	struct gpu_sum sum;

	snap->gpu_probes = probes->attached;
	snap->gpu_timed = probes->attached && !probes->left[DRIVER_CALLS] && !probes->refused[DRIVER_CALLS];
	snap->gpu_untimed_ns = probes->untimed_ns;
	snap->gpu_libraries |= probes->libraries;
	for (id = SECTION_OTHER; id < used && probes->attached; id++) {
		if (bpf_map_lookup_elem(map, &id, &sum))
			continue;
		if (id == SECTION_OUTSIDE)
			array_add_counters(&snap->outside_gpu, &sum, sizeof(sum));
		else if (section_index[id] < snap->nr_sections)
			array_add_counters(&snap->sections[section_index[id]]->gpu, &sum, sizeof(sum));
	}
	if (probes->attached && !probes->left[DRIVER_MEMORY] && !probes->refused[DRIVER_MEMORY])
		gpu_pieces_copy(bpf, snap, section_index);
}

void gpu_figures_add_open(struct snapshot *snap, const struct thread_view *views, size_t nr_views, const __u16 *section_index)
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

void gpu_figures_clear(const struct gpu_probes *probes, const struct programs *bpf)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_sums);
	static const struct gpu_sum none;
	__u32 id;

	for (id = 0; id < stat_maps_used(bpf) && probes->attached; id++)
		bpf_map_update_elem(map, &id, &none, BPF_ANY);
	if (probes->attached)
		gpu_pieces_clear(bpf);
}
