/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * host.h - the kernel's helpers and the maps for BPF programs compiled for the host: one task, whose memory is
 * that of fake.h.
 *
 * The values of each map are an allocation of their own, so that an access that the verifier would reject is an
 * error here, too.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdlib.h>

#include "fake.h"
#include "state/maps.bpf.c"
#include "state/open_sections.bpf.h"
#include "rules/python_walk.bpf.h"

#define HOST_ENTRIES 8	/* of a hash map */

static struct fake memory;
static struct mm_struct host_mm;
static struct task_struct task = {.pid = 77, .tgid = 77, .mm = &host_mm};
static u64 host_now;

/* A map: an array by index, a hash by key, or the value of the one task. */
struct host_map {
	void *map;
	size_t key_bytes, value_bytes;	/* key_bytes 0: task storage */
	size_t entries;
	char *values, *keys;
	size_t used;
	bool by_key;
};

#define HOST_ARRAY(m, n) {.map = &m, .key_bytes = 4, .value_bytes = sizeof(*m.value), .entries = n}
#define HOST_HASH(m) \
	{.map = &m, .key_bytes = sizeof(*m.key), .value_bytes = sizeof(*m.value), .entries = HOST_ENTRIES, .by_key = true}
#define HOST_TASK(m) {.map = &m, .value_bytes = sizeof(*m.value), .entries = 1}

static struct host_map host_maps[] = {
	HOST_ARRAY(stats, BPFPROF_SECTIONS), HOST_ARRAY(section_names, BPFPROF_SECTIONS), HOST_ARRAY(ledgers, BPFPROF_SECTIONS),
	HOST_ARRAY(processes, 1), HOST_ARRAY(process_sums, 1), HOST_ARRAY(pythons, 1), HOST_ARRAY(walkers, 1),
	HOST_HASH(section_ids), HOST_HASH(targets), HOST_HASH(baselines), HOST_HASH(begun), HOST_HASH(parts),
	HOST_TASK(ring_readers), HOST_TASK(thread_accounts), HOST_TASK(open_calls), HOST_TASK(waits),
};

static struct host_map *host_map(void *map)
{
	size_t i;

	for (i = 0; i < sizeof(host_maps) / sizeof(host_maps[0]); i++)
		if (host_maps[i].map == map)
			return &host_maps[i];
	abort();
}

static void host_open(void)
{
	size_t i;

	for (i = 0; i < sizeof(host_maps) / sizeof(host_maps[0]); i++) {
		struct host_map *m = &host_maps[i];

		if (!m->values) {
			m->values = calloc(m->entries, m->value_bytes);
			m->keys = m->by_key ? calloc(m->entries, m->key_bytes) : NULL;
		}
		m->used = 0;
		if (m->entries <= HOST_ENTRIES)
			memset(m->values, 0, m->entries * m->value_bytes);
	}
	counters = (struct counters){.section_ids_used = SECTION_FIRST};
}

static void *host_value(struct host_map *m, size_t i)
{
	return i < m->entries ? m->values + i * m->value_bytes : NULL;
}

static size_t host_place(const struct host_map *m, const void *key)
{
	__u32 index;
	size_t i;

	if (!m->by_key) {
		memcpy(&index, key, sizeof(index));
		return index;
	}
	for (i = 0; i < m->used; i++)
		if (!memcmp(m->keys + i * m->key_bytes, key, m->key_bytes))
			return i;
	return m->entries;
}

void *bpf_map_lookup_elem(void *map, const void *key)
{
	struct host_map *m = host_map(map);

	return host_value(m, host_place(m, key));
}

long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	struct host_map *m = host_map(map);
	size_t i = host_place(m, key);

	if (m->by_key && i < m->entries && flags == BPF_NOEXIST)
		return -EEXIST;
	if (m->by_key && i == m->entries) {
		if (m->used == m->entries)
			return -E2BIG;
		i = m->used++;
		memcpy(m->keys + i * m->key_bytes, key, m->key_bytes);
	}
	if (i >= m->entries)
		return -E2BIG;
	memcpy(host_value(m, i), value, m->value_bytes);
	return 0;
}

void *bpf_task_storage_get(void *map, struct task_struct *of, void *value, __u64 flags)
{
	(void)of, (void)value, (void)flags;
	return host_map(map)->values;
}

struct task_struct *bpf_get_current_task_btf(void)
{
	return &task;
}

long bpf_probe_read_user(void *to, __u32 size, const void *from)
{
	if (!fake_read(&memory, (u64)from, to, size))
		return 0;
	memset(to, 0, size);	/* as the kernel does */
	return -EFAULT;
}

long bpf_probe_read_user_str(void *to, __u32 size, const void *from)
{
	char *text = to;

	if (!size || bpf_probe_read_user(to, size, from))
		return -EFAULT;
	text[size - 1] = 0;
	return (long)strlen(text) + 1;
}

long bpf_loop(__u32 nr, void *callback, void *context, __u64 flags)
{
	long (*call)(__u32 i, void *c) = callback;
	__u32 i;

	(void)flags;
	if (nr > 1 << 23)
		return -E2BIG;
	for (i = 0; i < nr; i++)
		if (call(i, context))
			return i + 1;
	return nr;
}

__u32 bpf_get_prandom_u32(void)
{
	return (__u32)host_now * 2654435761U;
}

__u64 bpf_ktime_get_ns(void)
{
	return host_now++;
}

#endif
