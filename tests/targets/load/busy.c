// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * busy.c - does one thing as often as it can, to measure a profiler's counts of it and its slowdown.
 *
 * Usage: busy WHAT SECONDS. WHAT is one of
 *	sections	short sections, one after the other
 *	spaced		sections of some 0.4 ms: every few of them are flushed because a millisecond has passed
 *	faults		page faults
 *	switches	THREADS threads that pass tokens to each other through futexes
 *	calls		a function without a marker, busy_call()
 *	calls-N		busy_paced_call() N times a second of CPU time, N 500, 5000 or 50000, for half of the time; other work in between
 *	long		likewise busy_long_call(), which takes some 400 us: the probes at its entries fit the budget, those at its ends do not
 *
 * Prints a line "NS CPU COUNT CALLS CALLS_NS" for each tenth of a second: CLOCK_MONOTONIC, the CPU time of the process, and so
 * far the number of repetitions, that of calls of calls-N and long, and the time in those calls by the first clock.
 */
#include <dcbs/markers.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 20000
#define TOKENS 4
#define PIECE (4 << 20)
#define PAGE 4096
#define ROUND 256

static _Atomic uint64_t done, calls_done, calls_ns;
static int seconds;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *print(void *unused)
{
	int i;

	for (i = 0; i < 10 * seconds; i++) {
		usleep(100000);
		printf("%llu %llu %llu %llu %llu\n", (unsigned long long)now_ns(CLOCK_MONOTONIC),
		       (unsigned long long)now_ns(CLOCK_PROCESS_CPUTIME_ID), (unsigned long long)done, (unsigned long long)calls_done,
		       (unsigned long long)calls_ns);
		fflush(stdout);
	}
	exit(0);
	return unused;
}

/* About a microsecond. */
static void work(void)
{
	volatile int i;

	for (i = 0; i < 400; i++)
		;
}

static void sections(void)
{
	dcbs_id name = dcbs_section_name("busy");
	int i;

	for (;; done += ROUND)
		for (i = 0; i < ROUND; i++) {
			dcbs_token t = dcbs_section_begin(name);

			work();
			dcbs_section_end(t);
		}
}

static void spaced(void)
{
	dcbs_id name = dcbs_section_name("busy");
	int i;

	for (;; done++) {
		dcbs_token t = dcbs_section_begin(name);

		for (i = 0; i < 400; i++)
			work();
		dcbs_section_end(t);
	}
}

static void faults(void)
{
	dcbs_token section = dcbs_section_begin(dcbs_section_name("busy"));
	size_t at;

	for (;;) {
		volatile char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED)
			exit(1);
		madvise((void *)piece, PIECE, MADV_NOHUGEPAGE);
		for (at = 0; at < PIECE; at += PAGE)
			piece[at] = 1;
		munmap((void *)piece, PIECE);
		done += PIECE / PAGE;
	}
	dcbs_section_end(section);
}

extern void busy_call(void);

__attribute__((noinline)) void busy_call(void)
{
	volatile int i;

	for (i = 0; i < 100; i++)
		;
}

static void calls(void)
{
	int i;

	for (;; done += ROUND)
		for (i = 0; i < ROUND; i++)
			busy_call();
}

extern void busy_paced_call(unsigned int units);

__attribute__((noinline)) void busy_paced_call(unsigned int units)
{
	while (units--)
		work();
}

#define PACE_UNITS 100000

/* Returns how often work() can be done in a second of CPU time. */
static double units_a_second(void)
{
	uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int i;

	for (i = 0; i < PACE_UNITS; i++)
		work();
	return PACE_UNITS * 1e9 / (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - start);
}

static void time_call(void (*call)(unsigned int), unsigned int units)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC);

	call(units);
	calls_ns += now_ns(CLOCK_MONOTONIC) - start;
	calls_done++;
}

/* A repetition is a unit of work(): in a call or not. */
static void paced_calls(unsigned int calls_a_second)
{
	unsigned int i, units = (unsigned int)(units_a_second() / calls_a_second);

	for (;; done += units) {
		time_call(busy_paced_call, units / 2);
		for (i = units / 2; i < units; i++)
			work();
	}
}

static void calls_500(void) { paced_calls(500); }
static void calls_5000(void) { paced_calls(5000); }
static void calls_50000(void) { paced_calls(50000); }

extern void busy_long_call(unsigned int steps);

__attribute__((noinline)) void busy_long_call(unsigned int steps)
{
	volatile unsigned int i;

	for (i = 0; i < steps; i++)
		;
}

static void long_calls(void)
{
	for (;; done++)
		time_call(busy_long_call, 1500000);
}

static _Atomic uint32_t turns[THREADS];

static void *hand_on(void *own)
{
	size_t at = (size_t)(uintptr_t)own, next = (at + 1) % THREADS;

	for (;;) {
		while (!turns[at])
			syscall(SYS_futex, &turns[at], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
		turns[at]--;
		done++;
		turns[next]++;
		syscall(SYS_futex, &turns[next], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void switches(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &attr, hand_on, (void *)(uintptr_t)i))
			exit(1);
	for (i = 0; i < TOKENS; i++) {
		turns[i * (THREADS / TOKENS)]++;
		syscall(SYS_futex, &turns[i * (THREADS / TOKENS)], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	pause();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} loads[] = {{"sections", sections}, {"spaced", spaced}, {"faults", faults}, {"switches", switches}, {"calls", calls}, {"long", long_calls},
		     {"calls-500", calls_500}, {"calls-5000", calls_5000}, {"calls-50000", calls_50000}};
	pthread_t printer;
	size_t i;

	if (argc != 3)
		return 2;
	seconds = atoi(argv[2]);
	dcbs_section_name("busy");
	printf("ready %d\n", getpid());
	fflush(stdout);
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!strcmp(argv[1], loads[i].name) && !pthread_create(&printer, NULL, print, NULL))
			loads[i].run();
	return 2;
}
