// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* clock.c - the clocks that the profiler reads. */
#include <math.h>
#include <time.h>

#include "base/clock.h"

#define UNIX_TRIES 10		/* pairs of reads, at most */
#define UNIX_GOOD_NS 2000	/* a pair this close is good enough */

static __u64 read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (__u64)ts.tv_sec * NS_PER_S + (__u64)ts.tv_nsec;
}

__u64 clock_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

__u64 clock_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

#define UNIX_STEPS 1e5	/* a second */

double clock_round_unix_s(double s)
{
	return round(s * UNIX_STEPS) / UNIX_STEPS;
}

/* The thread may be preempted between the two reads, so the closest of several pairs is used. */
double clock_unix_s(__u64 ns)
{
	__u64 best = ~0ULL;
	double at = 0;
	int i;

	for (i = 0; i < UNIX_TRIES && best > UNIX_GOOD_NS; i++) {
		__u64 before = clock_now_ns(), real = read_clock(CLOCK_REALTIME), took = clock_now_ns() - before;

		if (took >= best)
			continue;
		best = took;
		at = S_PER_NS * (double)real - S_PER_NS * (double)(__s64)(before + took / 2 - ns);
	}
	return clock_round_unix_s(at);
}
