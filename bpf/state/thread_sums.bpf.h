/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* thread_sums.bpf.h - a thread's own sums: plain stores add to them, a switch or a tick carries them to `stats`. */
#ifndef BPF_STATE_THREAD_SUMS_H
#define BPF_STATE_THREAD_SUMS_H

#include "slow/slow_calls.bpf.h"
#include "state/process_parts.bpf.h"

__weak __noinline int section_sum_spill(struct section_sum *sum)
{
	struct section_stat *stat;
	u32 section_id;

	if (!sum || !sum->section_id)
		return 0;
	section_id = sum->section_id;
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (stat) {
		__sync_fetch_and_add(&stat->count, sum->count);
		__sync_fetch_and_add(&stat->sum_ns, sum->sum_ns);
		__sync_fetch_and_add(&stat->total_ns, sum->sum_ns - sum->inner_ns);
		__sync_fetch_and_add(&stat->self_ns, sum->self_ns);
		if (sum->items)
			__sync_fetch_and_add(&stat->items, sum->items);
		store_max(&stat->min_inv_ns, sum->min_inv_ns);
		if (!one_target)
			part_add(section_id, sum->count, sum->sum_ns, sum->sum_ns - sum->inner_ns, sum->self_ns);
	}
	sum->section_id = sum->count = sum->sum_ns = sum->inner_ns = sum->self_ns = 0;
	sum->slow_ns = sum->min_inv_ns = sum->items = 0;
	return 0;
}

/* Gives a section its sum. The sum of another section at the same place is carried to `stats` first. */
__weak __noinline int section_sum_take(struct ring_reader *reader, u32 section_id)
{
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);
	struct section_sum *sum;

	if (!reader)
		return 0;
	sum = &reader->section_sums[section_id & (SECTION_SUMS - 1)];
	section_sum_spill(sum);
	sum->section_id = section_id;
	sum->slow_ns = stat ? stat->slow_ns : 0;
	reader->has_section_sums = 1;
	return 0;
}

static __always_inline struct section_sum *section_sum_of(struct ring_reader *reader, u32 section_id)
{
	struct section_sum *sum = &reader->section_sums[section_id & (SECTION_SUMS - 1)];

	if (sum->section_id != section_id)
		section_sum_take(reader, section_id);
	return sum;
}

/* Gives a bucket its sum. The sum of another bucket at the same place is carried to `stats` first. */
__weak __noinline int bucket_sum_take(struct ring_reader *reader, u32 i, u32 key)
{
	struct bucket_sum *sum;

	if (!reader)
		return 0;
	sum = &reader->bucket_sums[i & (BUCKET_SUMS - 1)];
	if (sum->key) {
		add_to_bucket(sum->key >> 16, sum->key & 0xffff, sum->count);
	} else {
		reader->used_buckets[reader->nr_used_buckets & (BUCKET_SUMS - 1)] = i;
		reader->nr_used_buckets++;
	}
	sum->key = key;
	sum->count = 1;
	return 0;
}

static __always_inline void bucket_sum_add(struct ring_reader *reader, u32 section_id, u32 place)
{
	u32 key = section_id << 16 | place, i = (place + section_id * 37) & (BUCKET_SUMS - 1);
	struct bucket_sum *sum = &reader->bucket_sums[i];

	if (sum->key == key)
		sum->count++;
	else
		bucket_sum_take(reader, i, key);
}

static long bucket_sum_spill(u32 i, struct ring_reader **reader)
{
	struct bucket_sum *sum = &(*reader)->bucket_sums[(*reader)->used_buckets[i & (BUCKET_SUMS - 1)] & (BUCKET_SUMS - 1)];

	add_to_bucket(sum->key >> 16, sum->key & 0xffff, sum->count);
	sum->key = 0;
	return 0;
}

/* Carries all sums to `stats`. */
static __always_inline void thread_sums_spill(struct ring_reader *reader)
{
	int i;

	if (reader->has_section_sums)
		for (i = 0; i < SECTION_SUMS; i++)
			section_sum_spill(&reader->section_sums[i]);
	reader->has_section_sums = 0;
	if (reader->nr_used_buckets)
		bpf_loop(reader->nr_used_buckets, bucket_sum_spill, &reader, 0);
	reader->nr_used_buckets = 0;
}

/* A call has taken longer than the slow_ns of its section or its sum. */
static __noinline int section_slow_add(struct ring_reader *reader, const struct dcbs_event *e, u32 section_id)
{
	struct section_stat *stat;
	struct section_sum *sum;

	if (!reader)
		return 0;
	reader->slow.section_id = section_id;
	reader->slow.ns = e->value_ns;
	reader->slow.end_ns = e->end_ns;
	reader->slow.items = e->items;
	reader->slow.flags = e->flags;
	slow_call_add(&reader->slow);
	stat = bpf_map_lookup_elem(&stats, &section_id);
	sum = &reader->section_sums[section_id & (SECTION_SUMS - 1)];
	if (stat && sum->section_id == section_id)
		sum->slow_ns = stat->slow_ns;
	return 0;
}

/*
 * Adds a finished call, all of whose time lies in the window. The spill of an older sum is a call of its own, made
 * before anything is loaded, so that little has to be kept on the stack meanwhile.
 */
static __always_inline void section_sum_add(struct ring_reader *reader, u32 section_id, const struct dcbs_event *e)
{
	struct section_sum *sum = section_sum_of(reader, section_id);
	u64 ns;

	if (e->value_ns > sum->slow_ns)
		section_slow_add(reader, e, sum->section_id);
	ns = e->value_ns;
	sum->count++;
	sum->sum_ns += ns;
	sum->self_ns += e->self_ns;
	if (e->items)
		sum->items += e->items;
	if (!(e->flags & DCBS_OUTERMOST))
		sum->inner_ns += ns;
	if (~ns > sum->min_inv_ns)
		sum->min_inv_ns = ~ns;
	bucket_sum_add(reader, sum->section_id, ns < SMALL_NS ? small_place[ns & (SMALL_NS - 1)] : hist_place(ns));
}

#endif
