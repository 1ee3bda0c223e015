// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* duty_cycle.c - what is watched part of the time. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/overhead/duty_cycle.h"
#include "collect/overhead/gaps.h"
#include "collect/overhead/governor.h"

#define REST_MOST_NS 60000000000ULL
#define GO_ON_NS 200000000ULL
#define TURNS 10	/* a watch is at least so many times as long as the looks at threads at its beginning and end */
#define TRACE_MOST_NS 200

/* How something is watched and is not. */
struct duty_kind {
	__u64 watch_ns;
	void (*weigh)(struct session *session, double weight);	/* what is seen next stands for so many times as much; may be NULL */
	void (*watch)(struct session *session);
	void (*go_on)(struct session *session);		/* it was cheap: it is watched for longer; may be NULL */
	void (*rest)(struct session *session);
};

/* ---- each in its way ---- */

/* Who waits is charged up to now. */
static void rest_waits(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	session_look_at_threads(session);
	t->waits_off = 1;
	detach_waits(session);
}

static void weigh_waits(struct session *session, double weight)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	t->wait_weight = (__u32)(0.5 + weight);
}

/* Who waits already is found out. */
static void watch_waits(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	t->wait_generation++;
	t->waits_off = 0;
	attach_waits(session);
	session_look_at_threads(session);
}

static void go_on_with_waits(struct session *session)
{
	weigh_waits(session, 1);
}

/* The programs are there, and do nothing. What they cost all the same is what our own faults are cheaper by without them. */
static void detach_measured(struct session *session)
{
	double with = probe_page_touch(), ns;

	detach_memory(session);
	ns = with - probe_page_touch();
	if (ns > 0 && ns < TRACE_MOST_NS)
		session->trace_ns = ns;
	session->trace_known = true;
}

static void rest_memory(struct session *session)
{
	gaps_rest(session);
	session->skel->bss->throttle.memory_off = 1;
	if (session->trace_known || session->run_time_on)
		detach_memory(session);
	else
		detach_measured(session);
}

static void watch_memory(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	attach_memory(session);
	gaps_watch(session);
	t->memory_generation++;
	t->memory_off = 0;
}

static void watch_calls(struct session *session)
{
	native_watch(session);
}

static const struct duty_kind kinds[DUTIES] = {
	[DUTY_WAITS] = {.watch_ns = 50000000, .weigh = weigh_waits, .watch = watch_waits, .go_on = go_on_with_waits, .rest = rest_waits},
	[DUTY_MEMORY] = {.watch_ns = 10000000, .watch = watch_memory, .go_on = gaps_watch, .rest = rest_memory},
	[DUTY_CALLS] = {.watch_ns = 50000000, .watch = watch_calls, .rest = native_rest},
};

void duties_init(struct duty *duties)
{
	int i;

	for (i = 0; i < DUTIES; i++)
		duties[i] = (struct duty){.kind = &kinds[i]};
}

/* ---- all in the same ---- */

/* Not to be in step with what the target does. */
static __u64 about(double ns)
{
	return (__u64)(ns * (0.75 + 0.5 * drand48()));
}

static void watch_for(struct duty *d, double ns)
{
	d->spent_ns = 0;
	d->resting = false;
	d->watch_start_ns = clock_now_ns();
	d->next_ns = d->watch_start_ns + about(ns);
}

/* To begin is taken to be as dear as to end was. */
static void duty_watch(struct session *session, struct duty *d)
{
	double ns = fmax((double)d->kind->watch_ns, 2.0 * TURNS * (double)d->end_ns);
	__u64 looks_ns = session->looks_ns;

	governor_settle(session);
	if (d->kind->weigh)
		d->kind->weigh(session, 1 + (double)(clock_now_ns() - d->rest_start_ns) / ns);
	d->kind->watch(session);
	d->begin_ns = session->looks_ns - looks_ns;
	watch_for(d, ns);
}

static void duty_go_on(struct session *session, struct duty *d, __u64 ns)
{
	governor_settle(session);
	if (d->kind->go_on)
		d->kind->go_on(session);
	d->begin_ns = 0;
	watch_for(d, (double)ns);
}

/* How long nobody is to watch, so that what it took comes to the share that it may take; less than nothing: it was cheap. */
static double rest_ns(const struct duty *d, double may)
{
	double took = d->spent_ns + (double)d->begin_ns + (double)d->end_ns;

	return fmin(took / may, (double)REST_MOST_NS) - (double)(clock_now_ns() - d->watch_start_ns);
}

static void duty_rest(struct session *session, struct duty *d, double may)
{
	__u64 looks_ns = session->looks_ns;

	governor_settle(session);
	if (rest_ns(d, may) <= 0) {
		duty_go_on(session, d, GO_ON_NS);
		return;
	}
	d->kind->rest(session);
	d->end_ns = session->looks_ns - looks_ns;
	d->resting = true;
	d->rest_start_ns = clock_now_ns();
	d->next_ns = d->rest_start_ns + about(fmax(0, rest_ns(d, may)));
}

void duty_poll(struct session *session, struct duty *d, double may)
{
	if (!d->next_ns || clock_now_ns() < d->next_ns)
		return;
	if (d->resting)
		duty_watch(session, d);
	else
		duty_rest(session, d, may);
}

void duty_begin(struct session *session, struct duty *d)
{
	duty_go_on(session, d, d->kind->watch_ns);
}
