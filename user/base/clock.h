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

/*
 * Rounds a Unix time to 10 us. A document has 15 digits of it, so a time that is read again is the same one, and so is every time
 * that is reckoned from it.
 */
double clock_round_unix_s(double s);

/* Returns a time of CLOCK_MONOTONIC as Unix time, in seconds, rounded. */
double clock_unix_s(__u64 ns);

#endif
