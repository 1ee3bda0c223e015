// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cpu_neighbours.c - see cpu_neighbours.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "collect/stats/cpu_neighbours.h"

static int longest_wait_first(const void *a, const void *b)
{
	const struct snapshot_neighbour *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return x->pid - y->pid;
}

static void copy_neighbour(struct snapshot *snap, const struct neighbour *from)
{
	struct snapshot_neighbour *to = &snap->neighbours[snap->nr_neighbours++];

	*to = (struct snapshot_neighbour){.pid = (pid_t)from->pid, .ns = from->ns};
	memcpy(to->comm, from->comm, sizeof(to->comm));
	to->comm[sizeof(to->comm) - 1] = 0;
}

int cpu_neighbours_copy(const struct programs *bpf, struct snapshot *snap)
{
	int fd = bpf_map__fd(bpf->skel->maps.neighbours);
	__u32 key, *before = NULL;
	struct neighbour one;

	snap->neighbours = calloc(BPFPROF_NEIGHBOURS, sizeof(*snap->neighbours));
	if (!snap->neighbours)
		return fail(-ENOMEM, "out of memory");
	for (; snap->nr_neighbours < BPFPROF_NEIGHBOURS && !bpf_map_get_next_key(fd, before, &key); before = &key)
		if (!bpf_map_lookup_elem(fd, &key, &one))
			copy_neighbour(snap, &one);
	qsort(snap->neighbours, snap->nr_neighbours, sizeof(*snap->neighbours), longest_wait_first);
	return 0;
}

void cpu_neighbours_clear(const struct programs *bpf)
{
	int fd = bpf_map__fd(bpf->skel->maps.neighbours), left = BPFPROF_NEIGHBOURS;
	__u32 key;

	while (left-- && !bpf_map_get_next_key(fd, NULL, &key))
		bpf_map_delete_elem(fd, &key);
	bpf->skel->bss->counters.neighbours_ns = 0;
}
