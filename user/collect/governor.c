// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* governor.c - what profiling costs the target, held against what it may. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/governor.h"
#include "collect/run_time.h"
#include "collect/session_impl.h"
#include "fail.h"

#define LOOK_NS 200000000ULL
#define FIRST_LOOK_NS 100000000ULL
#define SPARE 0.25		/* of the budget, below which something is turned up again ... */
#define SPARE_LOOKS 25		/* ... after so many looks */
#define SAMPLE_EVERY_MOST 32
#define RSS_EVERY_MOST 64
#define WORTH 0.1		/* of the budget: what takes less is not turned down */
#define OVER_LOOKS 4		/* over budget, until something is done: a burst is let pass */
#define TOO_DEAR_LOOKS 4
#define WATCH_NS 50000000ULL	/* waits are watched for so long at a time ... */
#define REST_MOST_NS 60000000000ULL	/* ... and then not for so long */
#define WAITS_MAY 0.5		/* of the budget */
#define TRAP_USUAL_NS 1000
#define LEFT_NS 15		/* of a change of RSS that is left for another to account for, ... */
#define LEFT_EXACT_NS 45	/* ... with a look at the counter */

/* What is turned down, in the order in which it is missed least. */
enum lever {
	LEVER_SAMPLES,
	LEVER_FAULTS,
	LEVER_CALLS,
	LEVER_WAITS,
	LEVER_MARKERS,
	LEVERS,
};

struct governor {
	__u64 start_ns, looked_ns, next_ns;
	struct counters last;
	double budget;			/* of one CPU */
	double share[LEVERS];		/* of one CPU, at the last look */
	unsigned int spare, over, too_dear;	/* looks in a row */
	__u32 rss_every;		/* changes of RSS for one that was looked at */
	bool told[LEVERS];

	__u64 waits_next_ns;		/* when it changes whether waits are watched; 0: they always are */
	double waits_spent_ns;		/* on them, since they were last begun to be watched */
};

int governor_open(struct session *session)
{
	struct governor *g = calloc(1, sizeof(*g));

	if (!g)
		return fail(-ENOMEM, "out of memory");
	g->start_ns = g->looked_ns = session_now_ns();
	g->next_ns = g->looked_ns + FIRST_LOOK_NS;
	g->budget = session->opts.max_overhead_percent / 100;
	g->last = session->skel->bss->counters;
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
	return (double)(session_now_ns() - g->start_ns) * 1e-9;
}

/* Said once for each: later steps are of the same kind. */
static void tell(struct session *session, enum lever lever, const char *what)
{
	struct governor *g = session->governor;

	if (g->told[lever] || session->nr_reduced == SESSION_REDUCED)
		return;
	g->told[lever] = true;
	if (asprintf(&session->reduced[session->nr_reduced], "after %.1f s, at %.1f %% of a CPU: %s", seconds(g), 100 * g->share[lever],
		     what) > 0)
		session->nr_reduced++;
}

/* ---- what it costs ---- */

/* Until the kernel has measured a program, what it took elsewhere. */
static double each_ns(const struct bpf_program *prog, double usual)
{
	double ns = run_time_of(prog);

	return isnan(ns) ? usual : ns;
}

static double call_ns(const struct session *session)
{
	double trap = isnan(session->trap_ns) ? TRAP_USUAL_NS : session->trap_ns;

	/* The entry's instruction may have to be stepped over, and the return is a trap of its own. */
	return 3 * trap + each_ns(session->skel->progs.on_call, 500) + each_ns(session->skel->progs.on_return, 700);
}

/* Adds what has been spent since the last time it was asked; returns how long ago that was. */
static double count(struct session *session, double *ns)
{
	const struct bpfprof *skel = session->skel;
	struct governor *g = session->governor;
	struct counters c = skel->bss->counters;
	double trap = isnan(session->trap_ns) ? TRAP_USUAL_NS : session->trap_ns;
	__u64 now = session_now_ns(), since = g->looked_ns;

	ns[LEVER_SAMPLES] = (double)(c.samples - c.wait_samples - (g->last.samples - g->last.wait_samples)) * each_ns(skel->progs.on_sample, 15000);
	ns[LEVER_FAULTS] = (double)(c.rss_events - g->last.rss_events) * each_ns(skel->progs.on_rss, 300) +
			   (double)(c.rss_left - g->last.rss_left) * (skel->bss->throttle.rss_every > 1 ? LEFT_NS : LEFT_EXACT_NS);
	ns[LEVER_CALLS] = (double)(c.calls - g->last.calls) * call_ns(session);
	ns[LEVER_WAITS] = (double)(c.switches - g->last.switches) * each_ns(skel->progs.on_switch, 1500) +
			  (double)(c.wakings - g->last.wakings) *
				  (each_ns(skel->progs.on_waking, 300) + each_ns(skel->progs.on_wakeup, 200));
	ns[LEVER_MARKERS] = (double)(c.flushes - g->last.flushes) * (trap + each_ns(skel->progs.on_flush, 3000)) +
			    (double)(c.ticks - g->last.ticks) * each_ns(skel->progs.on_tick, 1500);
	if (c.rss_events != g->last.rss_events)
		g->rss_every = (__u32)(1 + (c.rss_left - g->last.rss_left) / (c.rss_events - g->last.rss_events));
	g->waits_spent_ns += ns[LEVER_WAITS];
	g->last = c;
	g->looked_ns = now;
	return (double)(now - since);
}

static void look(struct session *session)
{
	struct governor *g = session->governor;
	double ns[LEVERS], elapsed = count(session, ns);
	int i;

	for (i = 0; i < LEVERS; i++)
		g->share[i] = elapsed > 0 ? ns[i] / elapsed : 0;
	if (g->waits_next_ns)	/* seen to: over a period they take what they may */
		g->share[LEVER_WAITS] = 0;
}

static double total(const struct governor *g)
{
	double sum = 0;
	int i;

	for (i = 0; i < LEVERS; i++)
		sum += g->share[i];
	return sum;
}

/* ---- waits, watched part of the time ---- */

/* Who waits is charged up to now. For how long is nobody watched, that what it took comes to the share that it may take? */
static void rest(struct session *session)
{
	struct governor *g = session->governor;
	volatile struct throttle *t = &session->skel->bss->throttle;
	double ns[LEVERS], rest_ns;

	session_look_at_threads(session);
	t->waits_off = 1;
	detach_waits(session);
	count(session, ns);
	rest_ns = fmin(g->waits_spent_ns / (g->budget * WAITS_MAY), (double)REST_MOST_NS);
	t->wait_weight = (__u32)(1 + rest_ns / WATCH_NS);
	g->waits_next_ns = session_now_ns() + (__u64)rest_ns;
}

/* Who waits already is found out. */
static void watch(struct session *session)
{
	struct governor *g = session->governor;
	volatile struct throttle *t = &session->skel->bss->throttle;
	double ns[LEVERS];

	count(session, ns);
	t->wait_phase++;
	t->waits_off = 0;
	g->waits_spent_ns = 0;
	g->waits_next_ns = session_now_ns() + (attach_waits(session) ? REST_MOST_NS : WATCH_NS);
	session_look_at_threads(session);
}

bool governor_waits_rest(const struct session *session)
{
	return session->governor && session->governor->waits_next_ns;
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

static void fewer_faults(struct session *session, double allowed)
{
	struct throttle *t = &session->skel->bss->throttle;

	t->rss_every = as_many(session->governor->rss_every, session->governor->share[LEVER_FAULTS], allowed, RSS_EVERY_MOST);
	tell(session, LEVER_FAULTS, "only some page faults are looked at, by chance: growth is exact in sum, an estimate of sections, and "
	     "unreliable of single calls");
}

/* A probe that makes a function several times slower cannot tell how long it takes. Samples can, without slowing it. */
static void calls_by_samples(struct session *session)
{
	session->skel->bss->throttle.calls_off = 1;
	native_leave(session);
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
	rest(session);
}

/* The dearest that can still be turned down; LEVER_MARKERS: none. */
static enum lever dearest(const struct session *session)
{
	const struct governor *g = session->governor;
	const struct throttle *t = &session->skel->bss->throttle;
	const bool can[LEVERS] = {
		[LEVER_SAMPLES] = t->sample_every < SAMPLE_EVERY_MOST,
		[LEVER_FAULTS] = t->rss_every < RSS_EVERY_MOST,
		[LEVER_CALLS] = session->nr_native && !session->calls_given_up,
		[LEVER_WAITS] = session->waits[0] && !g->waits_next_ns,
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
	double allowed = g->budget - (total(g) - g->share[lever]), ns[LEVERS];

	switch (lever) {
	case LEVER_SAMPLES: fewer_samples(session, allowed); break;
	case LEVER_FAULTS: fewer_faults(session, allowed); break;
	case LEVER_CALLS: calls_by_samples(session); break;
	case LEVER_WAITS: waits_now_and_then(session); break;
	default: break;
	}
	count(session, ns);	/* what it took to do so, and what came meanwhile, is no measure of what is left */
}

/* The markers alone: it takes a while of them, as nothing can be done about it but to end, and only if that was asked for. */
static bool markers_fit(struct session *session)
{
	struct governor *g = session->governor;

	g->too_dear = g->share[LEVER_MARKERS] > g->budget ? g->too_dear + 1 : 0;
	if (g->too_dear < TOO_DEAR_LOOKS)
		return true;
	tell(session, LEVER_MARKERS, session->opts.end_over_budget ?
	     "the markers alone cost more than --max-overhead, and the run was ended" :
	     "the markers alone cost more than 1 %: sections are counted all the same; with --max-overhead the run would have ended");
	return !session->opts.end_over_budget;
}

static void turn_up(struct session *session)
{
	struct throttle *t = &session->skel->bss->throttle;

	t->sample_every /= 2;
	t->rss_every /= 2;
}

bool governor_poll(struct session *session)
{
	struct governor *g = session->governor;

	if (!g)
		return true;
	if (g->waits_next_ns && session_now_ns() >= g->waits_next_ns)
		(session->skel->bss->throttle.waits_off ? watch : rest)(session);
	if (session_now_ns() < g->next_ns)
		return true;
	look(session);
	g->next_ns = session_now_ns() + LOOK_NS;
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

	if (!g)
		return ~0ULL;
	return g->waits_next_ns && g->waits_next_ns < g->next_ns ? g->waits_next_ns : g->next_ns;
}
