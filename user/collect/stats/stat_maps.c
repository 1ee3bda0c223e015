// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * stat_maps.c - the figures of the sections, in place: the kernel's maps, as far as their sections are in use.
 *
 * All that is mapped counts as memory of ours, whether there is anything in it or not. So addresses are kept
 * free for all sections, and maps are put there piece by piece.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/state.h"
#include "base/error.h"

#define PIECE_BYTES (256UL << 10)

static int cannot_map(void)
{
	return fail(-errno, "cannot map the figures: %s", strerror(errno));
}

static size_t page_up(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) & ~(page - 1);
}

static int keep_free(struct figures *f, const struct bpf_map *map, size_t bytes)
{
	f->fd = bpf_map__fd(map);
	f->bytes = page_up(bytes);
	f->at = mmap(NULL, f->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->at != MAP_FAILED)
		return 0;
	f->at = NULL;
	return cannot_map();
}

static int reach(struct figures *f, size_t bytes)
{
	while (f->mapped < f->bytes && f->mapped < bytes) {
		size_t piece = f->bytes - f->mapped < PIECE_BYTES ? f->bytes - f->mapped : PIECE_BYTES;

		if (mmap((char *)f->at + f->mapped, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, f->fd, (off_t)f->mapped) ==
		    MAP_FAILED)
			return cannot_map();
		f->mapped += piece;
	}
	return 0;
}

int stat_maps_reach(struct session *session, size_t sections)
{
	int err = reach(&session->stats_map, sections * sizeof(struct section_stat));

	return err ? err : reach(&session->ledgers_map, sections * sizeof(struct section_ledger));
}

int stat_maps_open(struct session *session)
{
	int err = keep_free(&session->stats_map, session->skel->maps.stats, BPFPROF_SECTIONS * sizeof(struct section_stat));

	if (!err)
		err = keep_free(&session->ledgers_map, session->skel->maps.ledgers, BPFPROF_SECTIONS * sizeof(struct section_ledger));
	session->stats = session->stats_map.at;
	session->ledgers = session->ledgers_map.at;
	return err ? err : stat_maps_reach(session, SECTION_FIRST);
}

/* What a section_id is stays. Rows that are not mapped have not been used. */
void stat_maps_clear(struct session *session)
{
	size_t section_id, sections = stat_maps_used(session);

	if (stat_maps_reach(session, sections))
		return;
	for (section_id = 0; section_id < sections; section_id++) {
		struct section_stat *stat = &session->stats[section_id];

		memset(&stat->count, 0, sizeof(*stat) - offsetof(struct section_stat, count));
	}
	memset(session->ledgers, 0, session->ledgers_map.mapped);
}

/* As the kernel accounts for it. */
static __u64 map_bytes(const struct bpf_map *map)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	info = bpf_map__fd(map) >= 0 ? fopen(path, "re") : NULL;
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info) && sscanf(line, "memlock: %llu", &bytes) != 1)
		;
	fclose(info);
	return bytes;
}

__u64 stat_maps_kernel_bytes(const struct session *session)
{
	const struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, session->skel->obj)
		sum += map_bytes(map);
	return sum;
}

__u64 stat_maps_thread_bytes(const struct session *session)
{
	const struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, session->skel->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_TASK_STORAGE && bpf_map__autocreate(map))
			sum += bpf_map__value_size(map);
	return sum;
}

size_t stat_maps_used(const struct session *session)
{
	__u64 used = session->skel->bss->counters.section_ids_used;

	return used < BPFPROF_SECTIONS ? used : BPFPROF_SECTIONS;
}

void stat_maps_close(struct session *session)
{
	if (session->stats_map.at)
		munmap(session->stats_map.at, session->stats_map.bytes);
	if (session->ledgers_map.at)
		munmap(session->ledgers_map.at, session->ledgers_map.bytes);
}
