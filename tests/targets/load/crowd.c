// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * crowd.c - more threads than the profiler keeps a list of.
 *
 *     crowd [--threads N] [--alive K] [--sections S] [--stay]
 *
 * There are N threads, at most K at a time. Each runs "brief" S times, with "inside" in every second one, and every
 * OPEN_EVERY-th thread has "left" open when it ends. With --stay all N threads exist at once instead. Each begins "stays",
 * the program prints "begun" and waits for one more line, and then each ends "stays" and runs "after" S times.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "dcbs/markers.h"
#include "truth.h"

#define STACK_BYTES 65536
#define OPEN_EVERY 100

enum { BRIEF, INSIDE, LEFT, STAYS, AFTER, SECTIONS };

static struct truth truths[SECTIONS] = {{.name = "brief"}, {.name = "inside"}, {.name = "left"}, {.name = "stays"}, {.name = "after"}};
static uint64_t threads = 1000, alive = 50, sections = 20;
static dcbs_id ids[SECTIONS];
static pthread_barrier_t begun, go;
static sem_t room;

static void *brief(void *number)
{
	uint64_t i;

	for (i = 0; i < sections; i++) {
		dcbs_token token = dcbs_section_begin(ids[BRIEF]);

		if (i % 2)
			dcbs_section_end(dcbs_section_begin(ids[INSIDE]));
		dcbs_section_end(token);
	}
	if ((uintptr_t)number % OPEN_EVERY == 0)
		dcbs_section_begin(ids[LEFT]);
	sem_post(&room);
	return NULL;
}

static void *stay(void *arg)
{
	dcbs_token token = dcbs_section_begin(ids[STAYS]);
	uint64_t i;

	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&go);
	dcbs_section_end(token);
	for (i = 0; i < sections; i++)
		dcbs_section_end(dcbs_section_begin(ids[AFTER]));
	return arg;
}

static void start(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), uint64_t number)
{
	int err = pthread_create(thread, attr, run, (void *)(uintptr_t)number);

	if (!err)
		return;
	fprintf(stderr, "cannot start thread %" PRIu64 ": %s\n", number, strerror(err));
	exit(1);
}

static void come_and_go(pthread_attr_t *attr)
{
	pthread_t thread;
	uint64_t i;

	pthread_attr_setdetachstate(attr, PTHREAD_CREATE_DETACHED);
	sem_init(&room, 0, (unsigned int)alive);
	for (i = 0; i < threads; i++) {
		sem_wait(&room);
		start(&thread, attr, brief, i);
	}
	for (i = 0; i < alive; i++)
		sem_wait(&room);
	truths[BRIEF].count = threads * sections;
	truths[INSIDE].count = threads * (sections / 2);
}

static void stay_all(const pthread_attr_t *attr)
{
	pthread_t *thread = calloc(threads, sizeof(*thread));
	uint64_t i;

	pthread_barrier_init(&begun, NULL, (unsigned int)threads + 1);
	pthread_barrier_init(&go, NULL, (unsigned int)threads + 1);
	for (i = 0; thread && i < threads; i++)
		start(&thread[i], attr, stay, i);
	pthread_barrier_wait(&begun);
	printf("begun\n");
	fflush(stdout);
	truth_wait_line();
	pthread_barrier_wait(&go);
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	free(thread);
	truths[STAYS].count = threads;
	truths[AFTER].count = threads * sections;
}

int main(int argc, char **argv)
{
	bool all = false;
	const struct truth_option options[] = {
		{.name = "--threads", .number = &threads},
		{.name = "--alive", .number = &alive},
		{.name = "--sections", .number = &sections},
		{.name = "--stay", .flag = &all},
		{0},
	};
	pthread_attr_t attr;
	int i;

	truth_options(argc, argv, options);
	for (i = 0; i < SECTIONS; i++)
		ids[i] = dcbs_section_name(truths[i].name);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	truth_gate();
	if (all)
		stay_all(&attr);
	else
		come_and_go(&attr);
	truth_open();
	truth_number("left", all ? 0 : (threads + OPEN_EVERY - 1) / OPEN_EVERY);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
