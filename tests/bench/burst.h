/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * burst.h - a benchmark that measures on request, so that several can take turns.
 *
 * Each tool under comparison stays attached for the whole run to a process of its own, which sleeps in read(2) until its
 * turn. The turns are short and many, so that a noisy neighbour affects all alike.
 *
 *     request    NAME MS\n       run that mode for MS milliseconds; without MS it is called once
 *     answer     NUMBER\n        ns per iteration, or the result of the call
 *
 * Time is CPU time of the thread if the mode says so: the cost of a trap is in it, a neighbour's time slice is not.
 */
#ifndef BURST_H
#define BURST_H

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BURST_WARM_NS	2000000ULL
#define burst_barrier()	__asm__ volatile("" ::: "memory")

struct burst_mode {
	const char *name;
	void (*loop)(uint64_t iterations);
	clockid_t clock;
	double (*call)(uint64_t argument);	/* instead of loop: its result is the answer */
};

static inline uint64_t burst_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Returns how many iterations take about BURST_WARM_NS; finding that out warms up caches and predictors. */
static inline uint64_t burst_warm(const struct burst_mode *m)
{
	uint64_t n = 16, start, took;

	for (;;) {
		start = burst_clock(m->clock);
		m->loop(n);
		took = burst_clock(m->clock) - start;
		if (took >= BURST_WARM_NS / 2)
			return n * BURST_WARM_NS / took + 1;
		n *= took < BURST_WARM_NS / 16 ? 8 : 2;
	}
}

static inline double burst_run(const struct burst_mode *m, uint64_t ms)
{
	uint64_t n = burst_warm(m), done = 0, start = burst_clock(m->clock), now;

	do {
		m->loop(n);
		done += n;
		now = burst_clock(m->clock);
	} while (now - start < ms * 1000000);
	return (double)(now - start) / (double)done;
}

/* Pins itself to the CPU named in argv[1], says that it is ready, and answers until its input ends. */
static inline int burst_serve(const struct burst_mode *modes, int argc, char **argv)
{
	const struct burst_mode *m;
	unsigned long long number;
	cpu_set_t cpus;
	char line[128], name[64];

	CPU_ZERO(&cpus);
	if (argc > 1) {
		CPU_SET(atoi(argv[1]), &cpus);
		sched_setaffinity(0, sizeof(cpus), &cpus);
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		number = 0;
		if (sscanf(line, "%63s %llu", name, &number) < 1)
			continue;
		for (m = modes; m->name && strcmp(m->name, name); m++)
			;
		if (!m->name)
			puts("unknown");
		else
			printf("%.4f\n", m->call ? m->call(number) : burst_run(m, number));
		fflush(stdout);
	}
	return 0;
}

#endif
