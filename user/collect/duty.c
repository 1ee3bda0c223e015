// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* duty.c - what is watched part of the time. */
#include <math.h>
#include <stdlib.h>

#include "collect/duty.h"
#include "collect/gaps.h"
#include "collect/governor.h"

#define REST_MOST_NS 60000000000ULL
#define GO_ON_NS 200000000ULL
#define TRACE_MOST_NS 200

/* How something is watched and is not. */
struct duty_kind {
	__u64 watch_ns;
	void (*watch)(struct session *session);
	void (*go_on)(struct session *session);		/* it was cheap: it is watched for longer; may be NULL */
	void (*rest)(struct session *session, double watches);	/* for so many times as long as it was watched */
};

/* ---- each in its way ---- */

/* Who waits is charged up to now. */
static void rest_waits(struct session *session, double watches)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	session_look_at_threads(session);
	t->waits_off = 1;
	detach_waits(session);
	t->wait_weight = (__u32)(1.5 + watches);
}

/* Who waits already is found out. */
static void watch_waits(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	t->wait_phase++;
	t->waits_off = 0;
	attach_waits(session);
	session_look_at_threads(session);
}

static void go_on_with_waits(struct session *session)
{
	volatile struct throttle *t = &session->skel->bss->throttle;

	t->wait_weight = 1;
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

static void rest_memory(struct session *session, double watches)
{
	(void)watches;
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
	t->memory_phase++;
	t->memory_off = 0;
}

static void rest_calls(struct session *session, double watches)
{
	(void)watches;
	native_rest(session);
}

static void watch_calls(struct session *session)
{
	native_watch(session);
}

static const struct duty_kind kinds[DUTIES] = {
	[DUTY_WAITS] = {.watch_ns = 50000000, .watch = watch_waits, .go_on = go_on_with_waits, .rest = rest_waits},
	[DUTY_MEMORY] = {.watch_ns = 10000000, .watch = watch_memory, .go_on = gaps_watch, .rest = rest_memory},
	[DUTY_CALLS] = {.watch_ns = 50000000, .watch = watch_calls, .rest = rest_calls},
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

static void duty_watch(struct session *session, struct duty *d, void (*watch)(struct session *session), __u64 watch_ns)
{
	governor_settle(session);
	if (watch)
		watch(session);
	d->spent_ns = 0;
	d->resting = false;
	d->watch_start_ns = session_now_ns();
	d->next_ns = d->watch_start_ns + about((double)watch_ns);
}

/* How long is nobody to watch, that what it took comes to the share that it may take? */
static void duty_rest(struct session *session, struct duty *d, double may)
{
	double rest_ns, watched_ns = (double)(session_now_ns() - d->watch_start_ns);

	governor_settle(session);
	rest_ns = fmin(d->spent_ns / may, (double)REST_MOST_NS) - watched_ns;
	if (rest_ns <= 0) {
		duty_watch(session, d, d->kind->go_on, GO_ON_NS);
		return;
	}
	d->resting = true;
	d->kind->rest(session, rest_ns / watched_ns);
	d->next_ns = session_now_ns() + about(rest_ns);
}

void duty_poll(struct session *session, struct duty *d, double may)
{
	if (!d->next_ns || session_now_ns() < d->next_ns)
		return;
	if (d->resting)
		duty_watch(session, d, d->kind->watch, d->kind->watch_ns);
	else
		duty_rest(session, d, may);
}

void duty_begin(struct session *session, struct duty *d)
{
	duty_watch(session, d, d->kind->go_on, d->kind->watch_ns);
}
