// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * stress.c - many sections on many threads in hot loops, with forks in between.
 *
 *     stress [--threads N] [--sections TOTAL] [--forks N] [--fork-ms MS] [--seconds S]
 *
 * --seconds: runs for that time instead of a number of sections. Four of every five sections of a thread are "hot-0" to
 * "hot-3", with "hot-1" inside "hot-0". The fifth is "fifth-" and the thread's number modulo 4. A forked child runs
 * CHILD_SECTIONS of "hot-0" and of "child" and ends by exit() or _exit() in turn. `sections` is the account of the
 * parent alone, `children` that of the children.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "dcbs/markers.h"
#include "truth.h"

#define THREADS_MAX 256
#define ROUND 5			/* sections in one turn of the loop */
#define CHILD_SECTIONS 300

enum { HOT = 0, FIFTH = 4, CHILD = 8, NAMES };

static const char *const names[NAMES] = {"hot-0",   "hot-1",   "hot-2",   "hot-3", "fifth-0",
					 "fifth-1", "fifth-2", "fifth-3", "child"};
static dcbs_id ids[NAMES];
static uint64_t end_ns;		/* 0: by number */
static uint64_t fork_ms = 2;	/* from one fork to the next */

struct worker {
	pthread_t thread;
	unsigned int number;
	uint64_t rounds, done;
};

static inline void one(dcbs_id id)
{
	dcbs_section_end(dcbs_section_begin(id));
}

static void round_of_sections(dcbs_id fifth)
{
	dcbs_token outer = dcbs_section_begin(ids[HOT]);

	one(ids[HOT + 1]);
	dcbs_section_end(outer);
	one(ids[HOT + 2]);
	one(ids[HOT + 3]);
	one(fifth);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	dcbs_id fifth = ids[FIFTH + w->number % 4];

	for (; end_ns || w->done < w->rounds; w->done++) {
		if (end_ns && w->done % 256 == 0 && truth_now_ns() >= end_ns)
			break;
		round_of_sections(fifth);
	}
	return NULL;
}

static void child(uint64_t number)
{
	int i;

	for (i = 0; i < CHILD_SECTIONS; i++) {
		one(ids[HOT]);
		one(ids[CHILD]);
	}
	if (number % 2)
		_exit(0);
	exit(0);
}

/* Forks while the threads run; the forking thread has sections of its own in its ring. */
static uint64_t fork_children(uint64_t forks)
{
	uint64_t i, forked = 0;
	int status;
	pid_t pid;

	for (i = 0; i < forks; i++) {
		one(ids[CHILD]);
		pid = fork();
		if (!pid)
			child(i);
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status))
			forked++;
		truth_sleep_ns(fork_ms * 1000000);
	}
	return forked;
}

static void print(const struct worker *workers, uint64_t threads, uint64_t forks, uint64_t forked)
{
	struct truth truths[NAMES] = {{0}};
	uint64_t i, j, total = forks;

	for (i = 0; i < NAMES; i++)
		truths[i].name = names[i];
	for (i = 0; i < threads; i++) {
		for (j = HOT; j < FIFTH; j++)
			truths[j].count += workers[i].done;
		truths[FIFTH + workers[i].number % 4].count += workers[i].done;
		total += workers[i].done * ROUND;
	}
	truths[CHILD].count = forks;
	truth_open();
	truth_number("total", total);
	truth_number("forked", forked);
	truth_sections(truths, NAMES);
	printf(",\"children\":{\"%s\":%" PRIu64 ",\"%s\":%" PRIu64 "}", names[HOT], forked * CHILD_SECTIONS, names[CHILD],
	       forked * CHILD_SECTIONS);
	truth_close();
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	uint64_t threads = 8, sections = 10000000, forks = 20, seconds = 0, forked, i;
	const struct truth_option options[] = {
		{.name = "--threads", .number = &threads},
		{.name = "--sections", .number = &sections},
		{.name = "--forks", .number = &forks},
		{.name = "--fork-ms", .number = &fork_ms},
		{.name = "--seconds", .number = &seconds},
		{0},
	};

	truth_options(argc, argv, options);
	if (!threads || threads > THREADS_MAX)
		return 2;
	for (i = 0; i < NAMES; i++)
		ids[i] = dcbs_section_name(names[i]);
	truth_gate();
	if (seconds)
		end_ns = truth_now_ns() + seconds * 1000000000ULL;
	for (i = 0; i < threads; i++) {
		workers[i].number = (unsigned int)i;
		workers[i].rounds = sections / ROUND / threads;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	}
	forked = fork_children(forks);
	for (i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	print(workers, threads, forks, forked);
	return forked == forks ? 0 : 1;
}
