// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* governor.c - what profiling costs the target, held against what it may. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/overhead/duty_cycle.h"
#include "collect/overhead/governor.h"
#include "host/bpf_stats.h"
#include "collect/state.h"
#include "base/error.h"

#define LOOK_NS 200000000ULL
#define FIRST_LOOK_NS 100000000ULL
#define NO_LIMIT 100		/* percent */
#define SPARE 0.25		/* of the budget, below which something is turned up again ... */
#define SPARE_LOOKS 25		/* ... after so many looks */
#define SAMPLE_EVERY_MOST 32
#define WORTH 0.1		/* of the budget: what takes less is not turned down */
#define OVER_LOOKS 4		/* over budget, until something is done: a burst is let pass */
#define TOO_DEAR_LOOKS 4
#define DUTY_MAY 0.3		/* of the budget, for what is watched part of the time */
#define TRAP_USUAL_NS 1000
#define LEFT_NS 30		/* a change of RSS that is left for another to account for */

/* What is turned down, in the order in which it is missed least. */
enum lever {
	LEVER_SAMPLES,
	LEVER_FAULTS,
	LEVER_CALLS,
	LEVER_WAITS,
	LEVER_MARKERS,
	LEVERS,
};

static const enum lever lever_of[DUTIES] = {[DUTY_WAITS] = LEVER_WAITS, [DUTY_MEMORY] = LEVER_FAULTS, [DUTY_CALLS] = LEVER_CALLS};

struct governor {
	__u64 start_ns, looked_ns, next_ns;
	struct counters last;
	double budget;			/* of one CPU */
	double share[LEVERS];		/* of one CPU, at the last look */
	unsigned int spare, over, too_dear;	/* looks in a section_id */
	double batch;			/* events of a hand-over */
	struct duty duties[DUTIES];
};

int governor_open(struct session *session)
{
	struct governor *g = calloc(1, sizeof(*g));

	if (!g)
		return fail(-ENOMEM, "out of memory");
	g->start_ns = g->looked_ns = clock_now_ns();
	g->next_ns = g->looked_ns + FIRST_LOOK_NS;
	g->budget = session->opts.max_overhead_percent < NO_LIMIT ? session->opts.max_overhead_percent / 100 : INFINITY;
	g->last = session->skel->bss->counters;
	duties_init(g->duties);
	session->governor = g;
	return 0;
}

void governor_close(struct session *session)
{
	free(session->governor);
	session->governor = NULL;
}

static double seconds(const struct governor *g)
{
	return (double)(clock_now_ns() - g->start_ns) * 1e-9;
}

/* Said once: later steps of the same kind are no news. */
static void tell(struct session *session, enum lever lever, const char *what)
{
	const struct governor *g = session->governor;
	size_t i;

	for (i = 0; i < session->nr_reduced; i++)
		if (strstr(session->reduced[i], what))
			return;
	if (i == SESSION_REDUCED)
		return;
	if (asprintf(&session->reduced[session->nr_reduced], "after %.1f s, at %.1f %% of a CPU: %s", seconds(g), 100 * g->share[lever],
		     what) > 0)
		session->nr_reduced++;
}

/* ---- what it costs ---- */

/* Until the kernel has measured a program, what it took elsewhere. */
static double each_ns(const struct bpf_program *prog, double usual)
{
	double ns = bpf_stats_run_ns(prog);

	return isnan(ns) ? usual : ns;
}

static double call_ns(const struct session *session)
{
	double trap = isnan(session->trap_ns) ? TRAP_USUAL_NS : session->trap_ns;
	double entry = native_are_stepped(session) && session->step_ns > 0 ? session->step_ns : trap;

	/* The return is a trap of its own, with something to look up. */
	return entry + 2 * trap + each_ns(session->skel->progs.on_call, 500) + each_ns(session->skel->progs.on_return, 700);
}

/* Adds what has been spent since the last time it was asked; returns how long ago that was. */
static double count(struct session *session, double *ns)
{
	const struct bpfprof *skel = session->skel;
	struct governor *g = session->governor;
	struct counters c = skel->bss->counters;
	double trap = isnan(session->trap_ns) ? TRAP_USUAL_NS : session->trap_ns;
	__u64 now = clock_now_ns(), since = g->looked_ns;
	int i;

	/* The counters are read one after the other: the second may be ahead. */
	ns[LEVER_SAMPLES] = fmax(0, (double)(c.samples - g->last.samples) - (double)(c.wait_samples - g->last.wait_samples)) *
			    each_ns(skel->progs.on_sample, 15000);
	ns[LEVER_FAULTS] = (double)(c.rss_events - g->last.rss_events) * (each_ns(skel->progs.on_rss, 300) + session->trace_ns) +
			   (double)(c.rss_skipped - g->last.rss_skipped) * (LEFT_NS + session->trace_ns);
	ns[LEVER_CALLS] = (double)(c.calls - g->last.calls) * call_ns(session);
	ns[LEVER_WAITS] = (double)(c.switches - g->last.switches) * each_ns(skel->progs.on_switch, 1500) +
			  (double)(c.wakings - g->last.wakings) *
				  (each_ns(skel->progs.on_waking, 300) + each_ns(skel->progs.on_wakeup, 200));
	ns[LEVER_MARKERS] = (double)(c.flushes - g->last.flushes) * (trap + each_ns(skel->progs.on_flush, 3000)) +
			    (double)(c.ticks - g->last.ticks) * each_ns(skel->progs.on_tick, 1500);
	g->batch = (double)(c.events - g->last.events) / (double)(c.flushes - g->last.flushes);
	for (i = 0; i < DUTIES; i++)
		g->duties[i].spent_ns += ns[lever_of[i]];
	g->last = c;
	g->looked_ns = now;
	return (double)(now - since);
}

void governor_settle(struct session *session)
{
	double ns[LEVERS];

	count(session, ns);
}

static void look(struct session *session)
{
	struct governor *g = session->governor;
	double ns[LEVERS], elapsed = count(session, ns);
	int i;

	for (i = 0; i < LEVERS; i++)
		g->share[i] = elapsed > 0 ? ns[i] / elapsed : 0;
	for (i = 0; i < DUTIES; i++)
		if (g->duties[i].next_ns)	/* seen to: over a period it takes what it may */
			g->share[lever_of[i]] = 0;
}

static double total(const struct governor *g)
{
	double sum = 0;
	int i;

	for (i = 0; i < LEVERS; i++)
		sum += g->share[i];
	return sum;
}

bool governor_waits_rest(const struct session *session)
{
	return session->governor && session->governor->duties[DUTY_WAITS].next_ns;
}

/* ---- turning down and up ---- */

static __u32 as_many(__u32 every, double cost, double allowed, __u32 most)
{
	double want = (every > 1 ? every : 1) * fmax(2, ceil(cost / fmax(allowed, 1e-6)));

	return want < most ? (__u32)want : most;
}

static void fewer_samples(struct session *session, double allowed)
{
	struct throttle *t = &session->skel->bss->throttle;

	t->sample_every = as_many(t->sample_every, session->governor->share[LEVER_SAMPLES], allowed, SAMPLE_EVERY_MOST);
	tell(session, LEVER_SAMPLES, "fewer samples of the stack are taken: shares of functions are less exact");
}

static void faults_now_and_then(struct session *session)
{
	tell(session, LEVER_FAULTS, "page faults are watched now and then: what they are counted as is an estimate, and so is the "
	     "growth of a section, but not of all; of single calls nothing is known");
	duty_begin(session, &session->governor->duties[DUTY_MEMORY]);
}

/* How long calls take is seen now and then, how long they took in all is told by samples: so how often they were made is known. */
static void calls_now_and_then(struct session *session)
{
	native_are_sampled(session);
	tell(session, LEVER_CALLS, "functions of --section are probed now and then: their totals are estimates from samples of the stack, "
	     "and so is how often they are called");
	duty_begin(session, &session->governor->duties[DUTY_CALLS]);
}

/* A probe that makes a function several times slower cannot tell how long it takes. Samples can, without slowing it. */
static void calls_by_samples(struct session *session)
{
	native_rest(session);
	if (session->sampler) {
		native_are_sampled(session);
		tell(session, LEVER_CALLS, "functions of --section are called too often to be probed: their times are estimates from "
		     "samples of the stack, how often they are called is unknown");
	} else {
		tell(session, LEVER_CALLS, "functions of --section are called too often to be probed: their figures are of the time "
		     "before; with --frequency they could be estimated");
	}
	session->calls_given_up = true;
}

static void waits_now_and_then(struct session *session)
{
	tell(session, LEVER_WAITS, "threads are watched now and then as they come and go: why sections wait is an estimate");
	duty_begin(session, &session->governor->duties[DUTY_WAITS]);
}

/* The dearest that can still be turned down; LEVER_MARKERS: none. */
static enum lever dearest(const struct session *session)
{
	const struct governor *g = session->governor;
	const struct throttle *t = &session->skel->bss->throttle;
	const bool can[LEVERS] = {
		[LEVER_SAMPLES] = t->sample_every < SAMPLE_EVERY_MOST,
		[LEVER_FAULTS] = session->has_memory && !g->duties[DUTY_MEMORY].next_ns,
		[LEVER_CALLS] = session->nr_native && !session->calls_given_up && !g->duties[DUTY_CALLS].next_ns,
		[LEVER_WAITS] = session->waits[0] && !g->duties[DUTY_WAITS].next_ns,
	};
	int i, best = LEVER_MARKERS;

	for (i = 0; i < LEVER_MARKERS; i++)
		if (can[i] && g->share[i] > WORTH * g->budget && (best == LEVER_MARKERS || g->share[i] > g->share[best]))
			best = i;
	return (enum lever)best;
}

static void turn_down(struct session *session)
{
	struct governor *g = session->governor;
	enum lever lever = dearest(session);
	double allowed = g->budget - (total(g) - g->share[lever]);

	switch (lever) {
	case LEVER_SAMPLES: fewer_samples(session, allowed); break;
	case LEVER_FAULTS: faults_now_and_then(session); break;
	case LEVER_CALLS: (session->sampler && uprobe_has_links() && native_are_long(session) ? calls_now_and_then : calls_by_samples)(session); break;
	case LEVER_WAITS: waits_now_and_then(session); break;
	default: break;
	}
	governor_settle(session);	/* what it took to do so, and what came meanwhile, is no measure of what is left */
}

/* Sections that are handed over for the time, not because so many have ended, can wait for a switch or a tick. */
static bool hand_over_seldom(struct session *session)
{
	if (!(session->governor->batch < DCBS_BATCH / 2) || !attach_seldom(session))
		return false;
	tell(session, LEVER_MARKERS, "sections are handed over less often: until a thread waits, for 4 ms, or 512 of them");
	return true;
}

/* There is nothing left to turn down. It takes a while of that: all that can be done is to end, and only if that was asked for. */
static bool markers_fit(struct session *session)
{
	struct governor *g = session->governor;

	g->too_dear = g->share[LEVER_MARKERS] > g->budget ? g->too_dear + 1 : 0;
	if (g->too_dear == TOO_DEAR_LOOKS / 2 && hand_over_seldom(session))
		g->too_dear = 0;
	if (g->too_dear < TOO_DEAR_LOOKS)
		return true;
	tell(session, LEVER_MARKERS, session->opts.end_over_budget ?
	     "the markers, and the ticks that see to them, cost more than --max-overhead, and the run was ended" :
	     "the markers, and the ticks that see to them, cost more than 1 %: sections are counted all the same; with --max-overhead "
	     "the run would have ended");
	return !session->opts.end_over_budget;
}

static void turn_up(struct session *session)
{
	struct throttle *t = &session->skel->bss->throttle;

	t->sample_every /= 2;
}

bool governor_poll(struct session *session)
{
	struct governor *g = session->governor;
	int i;

	if (!g)
		return true;
	for (i = 0; i < DUTIES; i++)
		duty_poll(session, &g->duties[i], g->budget * DUTY_MAY);
	if (clock_now_ns() < g->next_ns)
		return true;
	look(session);
	g->next_ns = clock_now_ns() + LOOK_NS;
	if (!markers_fit(session))
		return false;
	g->spare = total(g) < SPARE * g->budget ? g->spare + 1 : 0;
	/* Markers that nothing can be done about are no reason to turn down the rest. */
	g->over = total(g) - (g->too_dear ? g->share[LEVER_MARKERS] : 0) > g->budget ? g->over + 1 : 0;
	if (g->over >= OVER_LOOKS) {
		turn_down(session);
		g->over = OVER_LOOKS - 2;
	}
	if (g->spare >= SPARE_LOOKS) {
		turn_up(session);
		g->spare = 0;
	}
	return true;
}

__u64 governor_next(const struct session *session)
{
	const struct governor *g = session->governor;
	__u64 next = g ? g->next_ns : ~0ULL;
	int i;

	for (i = 0; g && i < DUTIES; i++)
		if (g->duties[i].next_ns && g->duties[i].next_ns < next)
			next = g->duties[i].next_ns;
	return next;
}
