// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stat_maps.c - the maps `stats` and `ledgers`, read in place as far as their section ids are in use. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "collect/kernel/stat_maps.h"

#define PIECE_BYTES (256UL << 10)

static int fail_mapping(void)
{
	return fail(-errno, "cannot map the section stats: %s", strerror(errno));
}

static size_t round_to_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) & ~(page - 1);
}

static int reserve_addresses(struct mapped_map *m, const struct bpf_map *map, size_t bytes)
{
	m->fd = bpf_map__fd(map);
	m->bytes = round_to_pages(bytes);
	m->at = mmap(NULL, m->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->at != MAP_FAILED)
		return 0;
	m->at = NULL;
	return fail_mapping();
}

static int map_up_to(struct mapped_map *m, size_t bytes)
{
	while (m->mapped < m->bytes && m->mapped < bytes) {
		size_t piece = m->bytes - m->mapped < PIECE_BYTES ? m->bytes - m->mapped : PIECE_BYTES;

		if (mmap((char *)m->at + m->mapped, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd, (off_t)m->mapped) ==
		    MAP_FAILED)
			return fail_mapping();
		m->mapped += piece;
	}
	return 0;
}

int stat_maps_reach(struct programs *bpf, size_t nr)
{
	int err;

	assert(nr <= BPFPROF_SECTIONS);
	err = map_up_to(&bpf->stats_map, nr * sizeof(struct section_stat));
	return err ? err : map_up_to(&bpf->ledgers_map, nr * sizeof(struct section_ledger));
}

int stat_maps_open(struct programs *bpf)
{
	int err = reserve_addresses(&bpf->stats_map, bpf->skel->maps.stats, BPFPROF_SECTIONS * sizeof(struct section_stat));

	if (!err)
		err = reserve_addresses(&bpf->ledgers_map, bpf->skel->maps.ledgers, BPFPROF_SECTIONS * sizeof(struct section_ledger));
	bpf->stats = bpf->stats_map.at;
	bpf->ledgers = bpf->ledgers_map.at;
	return err ? err : stat_maps_reach(bpf, SECTION_FIRST);
}

size_t stat_maps_used(const struct programs *bpf)
{
	__u64 used = bpf->skel->bss->counters.section_ids_used;

	return used < BPFPROF_SECTIONS ? used : BPFPROF_SECTIONS;
}

/* Entries that are not mapped have never been used. */
void stat_maps_clear(struct programs *bpf)
{
	size_t id, used = stat_maps_used(bpf);

	if (stat_maps_reach(bpf, used))
		return;
	for (id = 0; id < used; id++) {
		struct section_stat *stat = &bpf->stats[id];

		memset(&stat->count, 0, sizeof(*stat) - offsetof(struct section_stat, count));
	}
	memset(bpf->ledgers, 0, bpf->ledgers_map.mapped);
}

void stat_maps_close(struct programs *bpf)
{
	if (bpf->stats_map.at)
		munmap(bpf->stats_map.at, bpf->stats_map.bytes);
	if (bpf->ledgers_map.at)
		munmap(bpf->ledgers_map.at, bpf->ledgers_map.bytes);
}
