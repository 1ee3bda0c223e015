// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * jail.c - sections under a seccomp filter that kills for all but a few system calls.
 *
 *     jail [--strict] [--threads N] [--sections S]
 *
 * N threads and the main thread run "before" once, and then install the filter: a thread's first section makes system
 * calls, later ones do not. After it each runs "jailed" S times. read, write, exit, exit_group, futex and rt_sigreturn are
 * allowed. --strict: the kernel's own strict mode, which has neither exit_group nor futex, and in which the clock cannot
 * be read; the program prints "begun" in it and waits for one more line.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "dcbs/markers.h"
#include "truth.h"

#define LEAVE_TURNS 5000000

static struct truth truths[] = {{.name = "before"}, {.name = "jailed"}};
static uint64_t threads = 2, sections = 20000;
static volatile uint64_t done;
static volatile bool jailed, leave;
static bool strict;
static pthread_barrier_t ready;

/* Names are registered before the filter is installed, as that takes a lock, and in jail no thread may wait for one. */
static dcbs_id ids[2];

static void run(dcbs_id id, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++)
		dcbs_section_end(dcbs_section_begin(id));
}

static void lock_in(void)
{
	if (strict && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		syscall(SYS_exit_group, 5);
}

/* Exits by the system call itself, as the C library's exit makes other system calls. */
static void *work(void *arg)
{
	run(ids[0], 1);
	pthread_barrier_wait(&ready);
	lock_in();
	while (!jailed)
		;
	run(ids[1], sections);
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	while (!leave)
		;
	syscall(SYS_exit, 0);
	return arg;
}

static int filter(void)
{
	const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
			       SCMP_SYS(rt_sigreturn)};
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);
	size_t i;
	int err = context ? seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1) : -ENOMEM;

	for (i = 0; i < sizeof(allowed) / sizeof(*allowed) && !err; i++)
		err = seccomp_rule_add(context, SCMP_ACT_ALLOW, allowed[i], 0);
	return err ? err : seccomp_load(context);
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--threads", .number = &threads},
		{.name = "--sections", .number = &sections},
		{.name = "--strict", .flag = &strict},
		{0},
	};
	pthread_t thread;
	uint64_t i;

	truth_options(argc, argv, options);
	ids[0] = dcbs_section_name("before");
	ids[1] = dcbs_section_name("jailed");
	truth_gate();
	pthread_barrier_init(&ready, NULL, (unsigned int)threads + 1);
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, work, NULL))
			return 1;
	run(ids[0], 1);
	pthread_barrier_wait(&ready);
	if (!strict && filter())
		return 6;
	lock_in();
	if (strict) {
		printf("begun\n");
		fflush(stdout);
		truth_wait_line();
	}
	jailed = true;
	run(ids[1], sections);
	while (done < threads)
		;
	truths[0].count = threads + 1;
	truths[1].count = (threads + 1) * sections;
	printf("{\"strict\":%d", strict);
	truth_sections(truths, 2);
	truth_close();
	leave = true;
	for (i = 0; i < LEAVE_TURNS; i++)	/* joins the others first, as the process ends with its main thread */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return 0;
}
