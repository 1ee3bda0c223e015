// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * thread_ends.c - sections that end on another thread than they began, and short-lived threads.
 *
 *     thread_ends [--handoffs N] [--threads N] [--each K]
 *
 * "handoff" is begun on the main thread and ended on another one, up to IN_FLIGHT at a time. "short" runs K times on each
 * of N threads that then end. "once" is the only section of a thread. "orphan" is begun on a thread that ends before it,
 * and is ended by the main thread. "contended" is ended by two threads at once, so that one of the two ends is unmatched.
 * "left" and "left inside" are begun, for 1 ms and 2 ms, on threads that end before them, and are never ended.
 */
#include <pthread.h>
#include <semaphore.h>

#include "dcbs/markers.h"
#include "truth.h"

#define IN_FLIGHT 16
#define ORPHANS 10
#define CONTENDED 100
#define LEFT 10
#define LEFT_NS 1000000

enum { HANDOFF, SHORT, ONCE, ORPHAN, CONTENDED_ENDS, SECTIONS };

static struct truth truths[SECTIONS] = {
	[HANDOFF] = {.name = "handoff"},
	[SHORT] = {.name = "short"},
	[ONCE] = {.name = "once"},
	[ORPHAN] = {.name = "orphan"},
	[CONTENDED_ENDS] = {.name = "contended"},
};
static dcbs_id ids[SECTIONS];
static uint64_t handoffs = 500, threads = 100, each = 5;

struct open_section {
	dcbs_token token;
	uint64_t before, begun;
};

static struct open_section queue[IN_FLIGHT];
static sem_t filled, emptied;

static void begin(struct open_section *s, int which)
{
	s->before = truth_now_ns();
	s->token = dcbs_section_begin(ids[which]);
	s->begun = truth_now_ns();
}

static void end(const struct open_section *s, int which)
{
	uint64_t ending = truth_now_ns();

	dcbs_section_end(s->token);
	truth_add(&truths[which], s->before, s->begun, ending, truth_now_ns());
}

/* Odd ones wait, so that several are open; that does not affect the times of their neighbours. */
static void *end_handoffs(void *arg)
{
	uint64_t i;

	for (i = 0; i < handoffs; i++) {
		sem_wait(&filled);
		if (i % 2)
			truth_spin_ns(20000);
		end(&queue[i % IN_FLIGHT], HANDOFF);
		sem_post(&emptied);
	}
	return arg;
}

static int run_handoffs(void)
{
	pthread_t ender;
	uint64_t i;

	sem_init(&filled, 0, 0);
	sem_init(&emptied, 0, IN_FLIGHT);
	if (pthread_create(&ender, NULL, end_handoffs, NULL))
		return -1;
	for (i = 0; i < handoffs; i++) {
		sem_wait(&emptied);
		begin(&queue[i % IN_FLIGHT], HANDOFF);
		sem_post(&filled);
	}
	return pthread_join(ender, NULL);
}

/* Runs the sections of a thread. It keeps no account, so that the thread does nothing else. */
static void *short_life(void *arg)
{
	const uint64_t *sections = arg;
	uint64_t i;

	for (i = 0; i < *sections; i++)
		dcbs_section_end(dcbs_section_begin(ids[sections == &each ? SHORT : ONCE]));
	return NULL;
}

/* Four threads at a time, so that records are reused while other threads live. */
static int run_short_lives(void)
{
	static uint64_t one = 1;
	pthread_t lives[4];
	uint64_t i, j;

	for (i = 0; i < threads; i += 2) {
		for (j = 0; j < 4; j++)
			if (pthread_create(&lives[j], NULL, short_life, j % 2 ? &one : &each))
				return -1;
		for (j = 0; j < 4; j++)
			pthread_join(lives[j], NULL);
		truths[SHORT].count += 2 * each;
		truths[ONCE].count += 2;
	}
	return 0;
}

static void *begin_orphan(void *arg)
{
	begin(arg, ORPHAN);
	return NULL;
}

static int run_orphans(void)
{
	struct open_section s;
	pthread_t parent;
	int i;

	for (i = 0; i < ORPHANS; i++) {
		if (pthread_create(&parent, NULL, begin_orphan, &s) || pthread_join(parent, NULL))
			return -1;
		end(&s, ORPHAN);
	}
	return 0;
}

static dcbs_id left, left_inside;
static uint64_t left_around_ns;

static void *leave_open(void *arg)
{
	dcbs_section_begin(left);
	truth_spin_ns(LEFT_NS);
	dcbs_section_begin(left_inside);
	truth_spin_ns(2 * LEFT_NS);
	return arg;
}

static int run_left(void)
{
	uint64_t start = truth_now_ns();
	pthread_t thread;
	int i;

	for (i = 0; i < LEFT; i++)
		if (pthread_create(&thread, NULL, leave_open, NULL) || pthread_join(thread, NULL))
			return -1;
	left_around_ns = truth_now_ns() - start;
	return 0;
}

static dcbs_token contended;
static pthread_barrier_t both;

static void *end_contended(void *arg)
{
	int i;

	for (i = 0; i < CONTENDED; i++) {
		pthread_barrier_wait(&both);
		dcbs_section_end(contended);
		pthread_barrier_wait(&both);
	}
	return arg;
}

/* Two threads that are not the section's own end it at the same time: one of them wins. */
static int run_contended(void)
{
	pthread_t enders[2];
	int i;

	pthread_barrier_init(&both, NULL, 3);
	for (i = 0; i < 2; i++)
		if (pthread_create(&enders[i], NULL, end_contended, NULL))
			return -1;
	for (i = 0; i < CONTENDED; i++) {
		contended = dcbs_section_begin(ids[CONTENDED_ENDS]);
		pthread_barrier_wait(&both);
		pthread_barrier_wait(&both);
	}
	truths[CONTENDED_ENDS].count = CONTENDED;
	return pthread_join(enders[0], NULL) | pthread_join(enders[1], NULL);
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--handoffs", .number = &handoffs},
		{.name = "--threads", .number = &threads},
		{.name = "--each", .number = &each},
		{0},
	};
	int i;

	truth_options(argc, argv, options);
	for (i = 0; i < SECTIONS; i++)
		ids[i] = dcbs_section_name(truths[i].name);
	left = dcbs_section_name("left");
	left_inside = dcbs_section_name("left inside");
	truth_gate();
	if (run_handoffs() || run_short_lives() || run_orphans() || run_left() || run_contended())
		return 1;
	truth_open();
	truth_number("unmatched", CONTENDED);
	truth_number("left", LEFT);
	truth_number("left_ns", LEFT * LEFT_NS);
	truth_number("left_around_ns", left_around_ns);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
