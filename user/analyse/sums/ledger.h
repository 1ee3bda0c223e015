/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* ledger.h - turns counters of waits and pages into a ledger: parts that add up to a whole. */
#ifndef ANALYSE_SUMS_LEDGER_H
#define ANALYSE_SUMS_LEDGER_H

#include "bpfprof/abi.h"
#include "collect/facts.h"
#include "dcbs/profiler.h"

/* off_ns: waits by cause; NULL: unknown, then all fields are NAN. The rest of total_ns was spent running. */
void ledger_wall(struct dcbs_wall *to, const __u64 *off_ns, double worker_ns, double total_ns);

/*
 * The running time of a section, or of its self time. In a thread's first flow that is the rest of its time; in other flows it is
 * estimated by ticks, and the rest is the time in which the flow was not the current one, stored in *await_ns.
 */
double ledger_cpu_ns(const struct snapshot_section *facts, bool self, double *await_ns);

/* All waits together. */
double ledger_off_ns(const __u64 *off_ns);

/* Adds each field of `from` to `to`; an unknown field stays unknown. */
void ledger_add_wall(struct dcbs_wall *to, const struct dcbs_wall *from);

/*
 * The time in which the thread had work to do: it ran, or waited for a CPU or its CPU quota, for the interpreter lock, for a disk or a
 * page. In the rest it waited for others, as a spare thread of a pool or the loop of a server does.
 */
double ledger_active_s(const struct dcbs_wall *wall);

/* m NULL: unknown, then all fields are DCBS_UNKNOWN. variance NULL: the figures are exact. */
void ledger_memory(struct dcbs_memory *to, const struct memory_sum *m, const struct memory_variance *variance, int64_t peak_bytes);

/* The growth of RSS, bytes. */
int64_t ledger_growth(const struct memory_sum *m);

/* a + b and a - b; DCBS_UNKNOWN if a or b is. */
int64_t ledger_add(int64_t a, int64_t b);
int64_t ledger_subtract(int64_t a, int64_t b);

/*
 * A distribution over calls, from counts by size class (COARSE_PLACES of them). calls: all that could have been counted;
 * those in no place had a value of 0. max 0: the maximum is unknown. Returns 0 or -ENOMEM.
 */
int ledger_spread(struct dcbs_spread *to, const __u32 *places, __u64 max, __u64 calls);

/* A distribution of which nothing is known. */
void ledger_no_spread(struct dcbs_spread *to);

/* Fills all ledgers and distributions of a section whose count is already set. Returns 0 or -ENOMEM. */
int ledger_section(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap);

#endif
