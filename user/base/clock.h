/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * clock.h - the clocks that the profiler reads.
 *
 * Times in nanoseconds are of CLOCK_MONOTONIC, the clock of BPF and of the markers.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <linux/types.h>

#define NS_PER_S 1000000000ULL
#define S_PER_NS 1e-9

/* Returns the time of CLOCK_MONOTONIC. */
__u64 clock_now_ns(void);

/* Returns the CPU time of the calling thread. */
__u64 clock_cpu_ns(void);

/* Returns a time of CLOCK_MONOTONIC as Unix time, in seconds. */
double clock_unix_s(__u64 ns);

#endif
