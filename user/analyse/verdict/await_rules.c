// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* await_rules.c - see await_rules.h. */
#include <math.h>
#include <string.h>

#include "analyse/stacks/parents.h"
#include "analyse/verdict/await_rules.h"
#include "analyse/verdict/evidence.h"
#include "base/human.h"

#define HELD_SHARE 0.25		/* of its time that a loop is busy: from there on its long steps are the reason */
#define HELD_S 0.05		/* a step that is longer is a long one ... */
#define HOLDER_SHARE 0.2	/* ... and the function that was found in it must take that part of the time for which the loop is held */
#define BUSY_SHARE 0.7
#define IDLE_SHARE 0.3		/* a loop that is less busy waits for others */
#define ONE_IN_FLIGHT 1.5
#define UNEVEN_SHARE 0.6	/* of the most in flight; a smaller mean is uneven ... */
#define UNEVEN_LEAST 4		/* ... from that number on */
#define MANY_IN_FLIGHT 16
#define MOSTLY 0.5		/* of the time for which a loop waits, or of a section's time */
#define NESTED_SLACK 0.02	/* of the time of the sections inside */
#define BOUND_SHARE 0.8		/* of the most in flight; a mean that is larger may be at a bound ... */
#define BOUND_DEVIATIONS 0.5	/* ... if it is as near to the most as calls that begin at random never are ... */
#define BOUND_TIMERS 0.1	/* ... and nearer if the loop waits for timers, too ... */
#define SOME_TIMERS 0.1		/* of the time for which a loop waits; from there on a section that waits by itself may be sleeping */
#define BEYOND_BOUND 1.5	/* ... and the section around it has that many times as many in flight */

enum await_reason {
	UNCLEAR, HELD, BUSY, ONE_BY_ONE, UNEVEN, FEW, SLOW_PEER, BOUNDED_INSIDE, AT_BOUND, LOCKED, BETWEEN_REQUESTS, TIMERS, THREADS, PIPES
};

static const struct dcbs_event_loop *main_loop(const struct subject *s)
{
	return s->report->nr_event_loops ? s->report->event_loops : NULL;
}

/* The function that was found in the longest step. NULL: no sample found any. */
static const struct dcbs_loop_holder *longest_holder(const struct dcbs_event_loop *loop)
{
	const struct dcbs_loop_holder *longest = NULL, *h;

	for (h = loop->holders; h < loop->holders + loop->nr_holders; h++)
		if (h->step_s > 0 && (!longest || h->step_s > longest->step_s))
			longest = h;
	return longest;
}

/* The length of the longest step, as a lower bound. Samples and ticks see different parts of it. 0: unknown. */
static double longest_step_s(const struct dcbs_event_loop *loop)
{
	const struct dcbs_loop_holder *h = longest_holder(loop);

	return fmax(loop->step_max_s > 0 ? loop->step_max_s : 0, h ? h->step_s : 0);
}

static bool is_held(const struct dcbs_event_loop *loop)
{
	const struct dcbs_loop_holder *h = longest_holder(loop);

	return loop->busy_share >= HELD_SHARE && longest_step_s(loop) >= HELD_S && (!h || h->share >= HOLDER_SHARE);
}

/* ---- tasks of asyncio ---- */

static bool is_of_file(const struct dcbs_awaiting *a, const char *end)
{
	size_t length = a->inner_file ? strlen(a->inner_file) : 0;

	return length >= strlen(end) && !strcmp(a->inner_file + length - strlen(end), end);
}

static bool is_asleep(const struct dcbs_awaiting *a)
{
	return !strcmp(a->inner_function, "sleep") && is_of_file(a, "/asyncio/tasks.py");
}

static bool is_locked(const struct dcbs_awaiting *a)
{
	return is_of_file(a, "/asyncio/locks.py") || is_of_file(a, "/asyncio/queues.py");
}

static double nr_tasks(const struct dcbs_report *r, bool (*counts)(const struct dcbs_awaiting *a))
{
	double tasks = counts ? 0 : r->awaiting_others;
	size_t i;

	for (i = 0; i < r->nr_awaiting; i++)
		if (!counts || counts(&r->awaiting[i]))
			tasks += r->awaiting[i].tasks;
	return tasks;
}

static bool most_tasks(const struct dcbs_report *r, bool (*are)(const struct dcbs_awaiting *a))
{
	return r->nr_awaiting && nr_tasks(r, are) >= MOSTLY * nr_tasks(r, NULL);
}

/* The tasks are those of all sections, so they tell of one that has most of them in flight. */
static enum await_reason reason_of_tasks(const struct subject *s)
{
	const struct dcbs_report *r = s->report;

	if (!r->nr_awaiting || !(s->section->in_flight > MOSTLY * nr_tasks(r, NULL)) ||
	    !(s->section->self_wall.await_s >= MOSTLY * s->section->total_s))
		return UNCLEAR;
	if (most_tasks(r, is_asleep))
		return BETWEEN_REQUESTS;
	return most_tasks(r, is_locked) ? LOCKED : UNCLEAR;
}

/* ---- sections inside ---- */

/* Returns true if `inside` may have most of the time that is not the self time of `around`. */
static bool may_be_inside(const struct dcbs_section *around, const struct dcbs_section *inside)
{
	double covered_s = around->total_s - around->self_s;

	return inside->total_s >= MOSTLY * covered_s && inside->total_s <= (1 + NESTED_SLACK) * covered_s;
}

/* Returns true if `around` itself is suspended most of the time, outside of `inside`, which may be nested in it. */
static bool waits_around(const struct dcbs_report *r, const struct dcbs_section *around, const struct dcbs_section *inside)
{
	return around != inside && !subject_is_outside(around) && !subject_is_outside(inside) && inside->in_flight_most != DCBS_UNKNOWN &&
	       around->self_wall.await_s >= MOSTLY * around->total_s &&
	       may_be_inside(around, inside) && parents_may_contain(r, around, inside);
}

/*
 * The mean number in flight while the event loop had any. Before that a program may have been loading for long. If the loop was not
 * observed all the time, it is the mean over the window, which is no larger.
 */
static double mean_in_flight(const struct dcbs_report *r, const struct dcbs_section *s)
{
	double loop_s = r->event_loops->held_s + r->event_loops->waited_s, mean = s->total_s / loop_s;

	if (r->overhead.nr_reduced || !(mean > s->in_flight))
		return s->in_flight;
	return fmin(mean, (double)s->in_flight_most);
}

static bool has_timers(const struct dcbs_event_loop *loop)
{
	return loop->timer_s >= SOME_TIMERS * loop->waited_s;
}

/* Calls that begin after a sleep, at an even rate, are nearly as many at all times as those that wait for a free place. */
static bool is_at_bound(const struct dcbs_report *r, const struct dcbs_section *around, const struct dcbs_section *inside)
{
	double most = (double)inside->in_flight_most, mean = mean_in_flight(r, inside);
	double deviations = has_timers(r->event_loops) ? BOUND_TIMERS : BOUND_DEVIATIONS;

	return mean >= BOUND_SHARE * most && mean >= most - deviations * sqrt(most) &&
	       mean_in_flight(r, around) >= BEYOND_BOUND * most && !most_tasks(r, is_asleep);
}

/* Returns the section inside with the most time; NULL: there is none for which the section waits. */
static const struct dcbs_section *section_inside(const struct dcbs_report *r, const struct dcbs_section *around)
{
	const struct dcbs_section *largest = NULL, *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if ((!largest || s->total_s > largest->total_s) && waits_around(r, around, s))
			largest = s;
	return largest;
}

/* Returns the section around it with the most time for which this one is at its bound; NULL: none. */
static const struct dcbs_section *section_around(const struct dcbs_report *r, const struct dcbs_section *inside)
{
	const struct dcbs_section *largest = NULL, *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if ((!largest || s->total_s > largest->total_s) && waits_around(r, s, inside) && is_at_bound(r, s, inside))
			largest = s;
	return largest;
}

/* ---- reasons ---- */

/* Returns true if this part of the loop's waits is most of them. Unknown parts are not. */
static bool mostly(const struct dcbs_event_loop *loop, double part_s)
{
	return part_s >= MOSTLY * loop->waited_s && loop->waited_s > 0;
}

/*
 * The reason by which the loop's waits ended; UNCLEAR: the network, or various things, or it is not known. A section that waits
 * outside of the sections inside it is not what the network is waited for.
 */
static enum await_reason reason_of_waits(const struct subject *s, const struct dcbs_event_loop *loop)
{
	if (mostly(loop, loop->timer_s))
		return section_inside(s->report, s->section) ? BETWEEN_REQUESTS : TIMERS;
	if (mostly(loop, loop->thread_s))
		return THREADS;
	return mostly(loop, loop->pipe_s) ? PIPES : UNCLEAR;
}

static enum await_reason reason_of_bound(const struct subject *s)
{
	const struct dcbs_section *inside = section_inside(s->report, s->section);

	if (inside && is_at_bound(s->report, s->section, inside))
		return BOUNDED_INSIDE;
	if (inside && has_timers(main_loop(s)))
		return BETWEEN_REQUESTS;
	return section_around(s->report, s->section) ? AT_BOUND : UNCLEAR;
}

static enum await_reason reason_of_flows(const struct dcbs_event_loop *loop)
{
	if (!(loop->in_flight > 0))
		return UNCLEAR;
	if (loop->in_flight <= ONE_IN_FLIGHT)
		return ONE_BY_ONE;
	if (loop->in_flight_most >= UNEVEN_LEAST && loop->in_flight < UNEVEN_SHARE * (double)loop->in_flight_most)
		return UNEVEN;
	if (loop->in_flight < MANY_IN_FLIGHT)
		return FEW;
	return isnan(loop->network_s) || mostly(loop, loop->network_s) ? SLOW_PEER : UNCLEAR;
}

static enum await_reason reason_of_idle_loop(const struct subject *s, const struct dcbs_event_loop *loop)
{
	enum await_reason reason = reason_of_tasks(s);

	if (reason == UNCLEAR)
		reason = reason_of_waits(s, loop);
	if (reason == UNCLEAR)
		reason = reason_of_bound(s);
	if (reason == UNCLEAR && !section_inside(s->report, s->section))
		reason = reason_of_flows(loop);
	return reason;
}

static enum await_reason reason_of(const struct subject *s)
{
	const struct dcbs_event_loop *loop = main_loop(s);

	if (!loop)
		return UNCLEAR;
	if (is_held(loop))
		return HELD;
	if (loop->busy_share >= BUSY_SHARE)
		return BUSY;
	return loop->busy_share < IDLE_SHARE ? reason_of_idle_loop(s, loop) : UNCLEAR;
}

/* For struct rule.applies. */
#define APPLIES(name, reason) bool name(const struct subject *s) { return reason_of(s) == (reason); }
APPLIES(await_rules_held, HELD)
APPLIES(await_rules_busy, BUSY)
APPLIES(await_rules_one_by_one, ONE_BY_ONE)
APPLIES(await_rules_uneven, UNEVEN)
APPLIES(await_rules_few, FEW)
APPLIES(await_rules_slow_peer, SLOW_PEER)
APPLIES(await_rules_bounded_inside, BOUNDED_INSIDE)
APPLIES(await_rules_at_bound, AT_BOUND)
APPLIES(await_rules_locked, LOCKED)
APPLIES(await_rules_between_requests, BETWEEN_REQUESTS)
APPLIES(await_rules_timers, TIMERS)
APPLIES(await_rules_threads, THREADS)
APPLIES(await_rules_pipes, PIPES)
APPLIES(await_rules_unclear, UNCLEAR)

/* ---- evidence ---- */

static void write_function(FILE *to, const struct dcbs_loop_holder *h)
{
	const char *slash = h->file ? strrchr(h->file, '/') : NULL, *file = slash ? slash + 1 : h->file;

	fprintf(to, " by %s", h->function);
	if (file && h->hot_line != DCBS_UNKNOWN)
		fprintf(to, " (%s:%lld)", file, (long long)h->hot_line);
	else if (file)
		fprintf(to, " (%s)", file);
}

void await_rules_evidence_held(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_event_loop *loop = main_loop(s);
	const struct dcbs_loop_holder *h = longest_holder(loop);
	int64_t waiting = loop->step_in_flight > 1 ? loop->step_in_flight - 1 : 0;

	(void)rule;
	fprintf(to, "; the event loop is held for %s", human_time(longest_step_s(loop)).text);
	if (h)
		write_function(to, h);
	if (waiting)
		fprintf(to, " while %s other%s wait%s", human_exact(waiting).text, waiting == 1 ? "" : "s", waiting == 1 ? "s" : "");
	fprintf(to, "; it is busy %s of the time", human_share(loop->busy_share).text);
}

void await_rules_evidence_busy(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_event_loop *loop = main_loop(s);

	(void)rule;
	fprintf(to, "; the event loop is busy %s of the time", human_share(loop->busy_share).text);
	if (loop->nr_holders) {
		fprintf(to, ", %s of it held", human_share(loop->holders[0].share).text);
		write_function(to, &loop->holders[0]);
	}
	fprintf(to, "; %s in flight on average", human_number(loop->in_flight).text);
}

/* The place with the most tasks. */
static void write_tasks(FILE *to, const struct subject *s)
{
	const struct dcbs_awaiting *a = s->report->awaiting;
	const char *slash;

	if (!s->report->nr_awaiting)
		return;
	slash = a->file ? strrchr(a->file, '/') : NULL;
	fprintf(to, "; %s of %s tasks are in %s at %s", human_number(a->tasks).text, human_number(nr_tasks(s->report, NULL)).text,
		a->inner_function, a->function);
	if (a->file && a->line != DCBS_UNKNOWN)
		fprintf(to, " (%s:%lld)", slash ? slash + 1 : a->file, (long long)a->line);
}

void await_rules_evidence_tasks(FILE *to, const struct subject *s, const struct rule *rule)
{
	(void)rule;
	write_tasks(to, s);
	fprintf(to, "; the event loop is idle %s of the time", human_share(1 - main_loop(s)->busy_share).text);
}

void await_rules_evidence_idle(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_event_loop *loop = main_loop(s);

	(void)rule;
	fprintf(to, "; the event loop is idle %s of the time: %s of at most %s in flight on average", human_share(1 - loop->busy_share).text,
		human_number(loop->in_flight).text, human_exact(loop->in_flight_most).text);
	if (loop->hold_max_s > 0)
		fprintf(to, "; it is held for at most %s", human_time(loop->hold_max_s).text);
}

static void write_in_flight(FILE *to, const struct subject *s, const struct dcbs_section *section)
{
	fprintf(to, "%s of %s", human_number(mean_in_flight(s->report, section)).text, section->name);
}

/* The subject is around or inside of the section that is at its bound. */
void await_rules_evidence_bound(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_section *outer = section_around(s->report, s->section), *around = outer ? outer : s->section;
	const struct dcbs_section *inside = outer ? s->section : section_inside(s->report, s->section);

	(void)rule;
	write_tasks(to, s);
	fputs("; ", to);
	write_in_flight(to, s, inside);
	fprintf(to, " in flight on average, never more than %s, while ", human_exact(inside->in_flight_most).text);
	write_in_flight(to, s, around);
	fprintf(to, " are; the event loop is idle %s of the time", human_share(1 - main_loop(s)->busy_share).text);
}

void await_rules_evidence_timers(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_section *inside = section_inside(s->report, s->section);
	const struct dcbs_event_loop *loop = main_loop(s);

	(void)rule;
	write_tasks(to, s);
	fprintf(to, "; timers end %s of the time for which the event loop waits", human_share(loop->timer_s / loop->waited_s).text);
	if (!inside) {
		fprintf(to, "; %s in flight on average", human_number(loop->in_flight).text);
		return;
	}
	fputs("; ", to);
	write_in_flight(to, s, inside);
	fputs(" in flight on average, ", to);
	write_in_flight(to, s, s->section);
	if (inside->errors > 0)
		fprintf(to, "; %s call%s of %s failed", human_exact(inside->errors).text, inside->errors == 1 ? "" : "s", inside->name);
}

void await_rules_evidence_others(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_event_loop *loop = main_loop(s);

	(void)rule;
	fprintf(to, "; they end %s of the time for which the event loop waits; %s in flight on average",
		human_share(fmax(loop->thread_s, loop->pipe_s) / loop->waited_s).text, human_number(loop->in_flight).text);
}
