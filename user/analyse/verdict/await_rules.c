// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* await_rules.c - see await_rules.h. */
#include <math.h>
#include <string.h>

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

enum await_reason { UNCLEAR, HELD, BUSY, ONE_BY_ONE, UNEVEN, FEW, SLOW_PEER };

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

static enum await_reason reason_of_idle_loop(const struct dcbs_event_loop *loop)
{
	if (!(loop->in_flight > 0))
		return UNCLEAR;
	if (loop->in_flight <= ONE_IN_FLIGHT)
		return ONE_BY_ONE;
	if (loop->in_flight_most >= UNEVEN_LEAST && loop->in_flight < UNEVEN_SHARE * (double)loop->in_flight_most)
		return UNEVEN;
	return loop->in_flight < MANY_IN_FLIGHT ? FEW : SLOW_PEER;
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
	return loop->busy_share < IDLE_SHARE ? reason_of_idle_loop(loop) : UNCLEAR;
}

/* For struct rule.applies. */
#define APPLIES(name, reason) bool name(const struct subject *s) { return reason_of(s) == (reason); }
APPLIES(await_rules_held, HELD)
APPLIES(await_rules_busy, BUSY)
APPLIES(await_rules_one_by_one, ONE_BY_ONE)
APPLIES(await_rules_uneven, UNEVEN)
APPLIES(await_rules_few, FEW)
APPLIES(await_rules_slow_peer, SLOW_PEER)
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

void await_rules_evidence_idle(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_event_loop *loop = main_loop(s);

	(void)rule;
	fprintf(to, "; the event loop is idle %s of the time: %s of at most %s in flight on average", human_share(1 - loop->busy_share).text,
		human_number(loop->in_flight).text, human_exact(loop->in_flight_most).text);
	if (loop->hold_max_s > 0)
		fprintf(to, "; it is held for at most %s", human_time(loop->hold_max_s).text);
}
