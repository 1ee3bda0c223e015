// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * leaver.c - runs sections and ends in the way that is asked for, with the last sections not yet flushed.
 *
 *     leaver --by exit|_exit|exec|exec-thread|kill|abort|thread-exit [--sections K] [--threads N] [--second K2]
 *
 * The main thread runs "main" K times, N others run "parked" K + their number times and wait. The truth is printed before
 * the end. exec: the same program runs again, with "second" K2 times, and prints a truth of its own with "second":1.
 * exec-thread: another thread than the main one executes it. thread-exit: the main thread ends first, and the thread that
 * ends the process runs "last".
 */
#include <pthread.h>
#include <signal.h>

#include "dcbs/markers.h"
#include "truth.h"

static uint64_t sections = 10, threads = 2, second = 7, as_second;
static const char *by = "exit";
static pthread_barrier_t parked;

static void run(const char *name, uint64_t times)
{
	dcbs_id id = dcbs_section_name(name);
	uint64_t i;

	for (i = 0; i < times; i++)
		dcbs_section_end(dcbs_section_begin(id));
}

static void *park(void *number)
{
	run("parked", sections + (uintptr_t)number);
	pthread_barrier_wait(&parked);
	for (;;)
		pause();
	return NULL;
}

static uint64_t start_parked(void)
{
	uint64_t i, total = 0;
	pthread_t thread;

	pthread_barrier_init(&parked, NULL, (unsigned int)threads + 1);
	for (i = 0; i < threads; i++) {
		if (pthread_create(&thread, NULL, park, (void *)(uintptr_t)i))
			exit(1);
		total += sections + i;
	}
	pthread_barrier_wait(&parked);
	return total;
}

static void *exec_again(void *arg)
{
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, second);
	execl("/proc/self/exe", "leaver", "--by", "exit", "--as-second", number, (char *)NULL);
	perror("exec");
	_exit(1);
	return arg;
}

static void *last_thread(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	run("last", sections);
	exit(0);
}

static void leave_by_thread(void *(*start)(void *))
{
	static pthread_t self;
	pthread_t thread;

	self = pthread_self();
	if (pthread_create(&thread, NULL, start, &self))
		exit(1);
	if (start == last_thread)
		pthread_exit(NULL);
	for (;;)
		pause();
}

static int leave(void)
{
	if (!strcmp(by, "_exit"))
		_exit(0);
	if (!strcmp(by, "exec"))
		exec_again(NULL);
	if (!strcmp(by, "exec-thread"))
		leave_by_thread(exec_again);
	if (!strcmp(by, "thread-exit"))
		leave_by_thread(last_thread);
	if (!strcmp(by, "kill"))
		raise(SIGKILL);
	if (!strcmp(by, "abort"))
		abort();
	return strcmp(by, "exit") ? 2 : 0;
}

static int run_as_second(void)
{
	struct truth truth = {.name = "second", .count = as_second};

	run("second", as_second);
	truth_open();
	truth_number("second", 1);
	truth_sections(&truth, 1);
	truth_close();
	return 0;
}

int main(int argc, char **argv)
{
	struct truth truths[] = {{.name = "main"}, {.name = "parked"}, {.name = "last"}};
	const struct truth_option options[] = {
		{.name = "--by", .text = &by},
		{.name = "--sections", .number = &sections},
		{.name = "--threads", .number = &threads},
		{.name = "--second", .number = &second},
		{.name = "--as-second", .number = &as_second},
		{0},
	};

	truth_options(argc, argv, options);
	if (as_second)
		return run_as_second();
	truth_gate();
	truths[1].count = start_parked();
	run("main", sections);
	truths[0].count = sections;
	truths[2].count = strcmp(by, "thread-exit") ? 0 : sections;
	truth_open();
	truth_sections(truths, 3);
	truth_close();
	return leave();
}
