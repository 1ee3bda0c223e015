// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_pieces.c - see gpu_pieces.h. */
#include <stdlib.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "collect/gpu/gpu_pieces.h"
#include "collect/kernel/stat_maps.h"

struct piece_list {
	struct gpu_piece_key *keys;
	struct gpu_piece *pieces;
	__u32 nr;
};

/* ---- pieces ---- */

/* One call reads all: there is room for as many as the map can have. */
static void read_pieces(struct piece_list *list, const struct programs *bpf)
{
	__u32 next;

	list->nr = 0;
	list->keys = calloc(GPU_PIECES, sizeof(*list->keys));
	list->pieces = calloc(GPU_PIECES, sizeof(*list->pieces));
	if (!list->keys || !list->pieces)
		return;
	list->nr = GPU_PIECES;
	bpf_map_lookup_batch(bpf_map__fd(bpf->skel->maps.gpu_pieces), NULL, &next, list->keys, list->pieces, &list->nr, NULL);
}

static void free_pieces(struct piece_list *list)
{
	free(list->keys);
	free(list->pieces);
}

static __u32 nr_sections_of(const struct gpu_piece *piece)
{
	return piece->nr_sections < GPU_PIECE_SECTIONS ? piece->nr_sections : GPU_PIECE_SECTIONS;
}

/* ---- to a snapshot ---- */

static struct snapshot_gpu_memory *memory_of(struct snapshot *snap, const __u16 *section_index, __u32 id)
{
	if (id == SECTION_OUTSIDE)
		return &snap->outside_gpu_memory;
	return id < BPFPROF_SECTIONS && section_index[id] < snap->nr_sections ? &snap->sections[section_index[id]]->gpu_memory : NULL;
}

/* A piece lists the innermost section first. */
static void add_live_pieces(const struct programs *bpf, struct snapshot *snap, const __u16 *section_index)
{
	__u64 middle_ns = snap->start_ns + (snap->end_ns - snap->start_ns) / 2;
	struct snapshot_gpu_memory *to;
	struct piece_list list;
	__u32 i;

	read_pieces(&list, bpf);
	for (i = 0; i < list.nr; i++) {
		to = nr_sections_of(&list.pieces[i]) ? memory_of(snap, section_index, list.pieces[i].sections[0]) : NULL;
		if (!to)
			continue;
		to->self_pieces++;
		to->self_bytes += list.pieces[i].bytes;
		to->self_late_bytes += list.pieces[i].taken_ns >= middle_ns ? list.pieces[i].bytes : 0;
	}
	free_pieces(&list);
}

void gpu_pieces_copy(const struct programs *bpf, struct snapshot *snap, const __u16 *section_index)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_memory);
	__u32 id, used = (__u32)stat_maps_used(bpf), all = GPU_MEMORY_ALL;
	struct snapshot_gpu_memory *to;
	struct gpu_memory_sum sum;

	snap->gpu_memory_known = !bpf_map_lookup_elem(map, &all, &snap->gpu_memory);
	for (id = SECTION_OTHER; id < used; id++) {
		to = memory_of(snap, section_index, id);
		if (to && !bpf_map_lookup_elem(map, &id, &sum))
			array_add_counters(&to->sum, &sum, sizeof(sum));
	}
	if (snap->gpu_memory.taken)
		add_live_pieces(bpf, snap, section_index);
}

/* ---- an end ---- */

static void take_off(struct gpu_memory_sum *sums, __u32 id, __u64 bytes)
{
	if (id <= GPU_MEMORY_ALL)
		__atomic_fetch_sub(&sums[id].live_bytes, bytes, __ATOMIC_RELAXED);
}

/* The BPF programs may change the sums meanwhile, so they are changed in place. */
static void drop_pieces(struct gpu_memory_sum *sums, const struct programs *bpf, const struct piece_list *list, __u32 tgid)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_pieces);
	__u32 i, k;

	for (i = 0; i < list->nr; i++) {
		if (list->keys[i].tgid != tgid || bpf_map_delete_elem(map, &list->keys[i]))
			continue;
		for (k = 0; k < nr_sections_of(&list->pieces[i]); k++)
			take_off(sums, list->pieces[i].sections[k], list->pieces[i].bytes);
		take_off(sums, GPU_MEMORY_ALL, list->pieces[i].bytes);
	}
}

void gpu_pieces_forget(const struct programs *bpf, __u32 tgid)
{
	size_t size = (GPU_MEMORY_ALL + 1) * sizeof(struct gpu_memory_sum);
	struct gpu_memory_sum *sums = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bpf->skel->maps.gpu_memory), 0);
	struct piece_list list;

	if (sums == MAP_FAILED)
		return;
	read_pieces(&list, bpf);
	drop_pieces(sums, bpf, &list, tgid);
	free_pieces(&list);
	munmap(sums, size);
}

void gpu_pieces_clear(const struct programs *bpf)
{
	int sums = bpf_map__fd(bpf->skel->maps.gpu_memory), map = bpf_map__fd(bpf->skel->maps.gpu_pieces);
	static const struct gpu_memory_sum none;
	struct piece_list list;
	__u32 id, i;

	read_pieces(&list, bpf);
	for (i = 0; i < list.nr; i++)
		bpf_map_delete_elem(map, &list.keys[i]);
	free_pieces(&list);
	for (id = 0; id <= GPU_MEMORY_ALL; id++)
		bpf_map_update_elem(sums, &id, &none, BPF_ANY);
}
