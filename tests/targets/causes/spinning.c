// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * spinning.c - a part of a section's work is done by a thread of a pool that spins for work: it never sleeps, so it is never woken.
 *
 * usage: spinning SECONDS [yield]. With `yield` the threads call sched_yield() while they wait for one another. Prints
 * "ready PID", waits for a line, and prints {"caller_s": …, "pool_s": …}: the CPU time of the caller in the section and of the pool.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dcbs/markers.h"

#define STEPS 2000000

static atomic_int work, stop;
static bool yields;
static volatile double sink;

static double clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void compute(int steps)
{
	double x = 1;
	int i;

	for (i = 0; i < steps; i++)
		x = x * 1.0000001 + 1e-9;
	sink = x;
}

static void wait_a_little(void)
{
	if (yields)
		sched_yield();
}

static void *pool_thread(void *cpu_s)
{
	while (!stop) {
		if (!atomic_load(&work)) {
			wait_a_little();
			continue;
		}
		compute(STEPS / 4);
		atomic_store(&work, 0);
	}
	*(double *)cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static double multiply_until(double end)
{
	double cpu_s = 0, before;

	while (clock_s(CLOCK_MONOTONIC) < end) {
		dcbs_profile_section("matmul") {
			before = clock_s(CLOCK_THREAD_CPUTIME_ID);
			atomic_store(&work, 1);
			compute(STEPS);
			while (atomic_load(&work))
				wait_a_little();
			cpu_s += clock_s(CLOCK_THREAD_CPUTIME_ID) - before;
		}
	}
	return cpu_s;
}

int main(int argc, char **argv)
{
	double pool_s = 0, caller_s;
	pthread_t thread;

	if (argc < 2)
		return 2;
	yields = argc > 2;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	(void)getchar();
	pthread_create(&thread, NULL, pool_thread, &pool_s);
	caller_s = multiply_until(clock_s(CLOCK_MONOTONIC) + atof(argv[1]));
	stop = 1;
	pthread_join(thread, NULL);
	printf("{\"caller_s\": %.6f, \"pool_s\": %.6f}\n", caller_s, pool_s);
	fflush(stdout);
	if (getenv("DCBS_TARGET_HOLD"))
		(void)getchar();
	return 0;
}
