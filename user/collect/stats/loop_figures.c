// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* loop_figures.c - see loop_figures.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "collect/stats/loop_figures.h"

static __u32 entries_used(const struct programs *bpf)
{
	__u32 nr = bpf->skel->bss->nr_event_loops;

	return nr < BPFPROF_LOOPS ? nr : BPFPROF_LOOPS;
}

int loop_figures_copy(const struct programs *bpf, struct snapshot *snap)
{
	int fd = bpf_map__fd(bpf->skel->maps.event_loops);
	__u32 i, used = entries_used(bpf);
	struct snapshot_event_loop *to;

	snap->event_loops = calloc(used + 1, sizeof(*snap->event_loops));
	if (!snap->event_loops)
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < used; i++) {
		to = &snap->event_loops[snap->nr_event_loops];
		to->number = i + 1;
		if (!bpf_map_lookup_elem(fd, &i, &to->figures) && (to->figures.waited_ns || to->figures.held_ns))
			snap->nr_event_loops++;
	}
	snap->more_event_loops = bpf->skel->bss->nr_event_loops - used;
	return 0;
}

void loop_figures_clear(const struct programs *bpf)
{
	int fd = bpf_map__fd(bpf->skel->maps.event_loops);
	__u32 i, used = entries_used(bpf);
	struct event_loop loop;

	for (i = 0; i < used; i++) {
		if (bpf_map_lookup_elem(fd, &i, &loop))
			continue;
		memset(&loop.waited_ns, 0, sizeof(loop) - offsetof(struct event_loop, waited_ns));
		bpf_map_update_elem(fd, &i, &loop, BPF_ANY);
	}
}
