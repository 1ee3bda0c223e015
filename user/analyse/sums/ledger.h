/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* ledger.h - counters of time not running and of pages as the figures of a ledger: parts that add up to a whole. */
#ifndef ANALYSE_SUMS_LEDGER_H
#define ANALYSE_SUMS_LEDGER_H

#include "bpfprof/abi.h"
#include "collect/facts.h"
#include "dcbs/profiler.h"

/* off_ns NULL: not known. What of total_ns no cause claims was spent running. */
void ledger_wall(struct dcbs_wall *to, const __u64 *off_ns, double worker_ns, double total_ns);

double ledger_off_ns(const __u64 *off_ns);

/* from is added to `to`; unknown stays unknown. */
void ledger_add_wall(struct dcbs_wall *to, const struct dcbs_wall *from);

/*
 * Time of a thread in which there was something for it to do: running, or kept from it by the want of a CPU, of
 * the interpreter, of a disk. The rest is waiting for others, as a pool's spare thread or a server's loop does.
 */
double ledger_active_s(const struct dcbs_wall *wall);

/* sum NULL: not known. */
void ledger_memory(struct dcbs_memory *to, const struct memory_sum *sum, int64_t peak_bytes);

/* By how much RSS grew. */
int64_t ledger_growth(const struct memory_sum *sum);

/* a + b and a - b, or DCBS_UNKNOWN if one of them is. */
int64_t ledger_add(int64_t a, int64_t b);
int64_t ledger_subtract(int64_t a, int64_t b);

/* Of calls by bytes or faults; those of `of` calls that are in no place had none. */
int ledger_spread(struct dcbs_spread *to, const __u32 *places, __u64 max, __u64 of);
void ledger_no_spread(struct dcbs_spread *to);

/* All ledgers of a section whose times are there already. */
int ledger_section(struct dcbs_section *to, const struct snapshot_section *row, const struct snapshot *snap);

#endif
