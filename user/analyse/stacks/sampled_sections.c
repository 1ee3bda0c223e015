// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled_sections.c - estimates the time of sections that are functions without a marker. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/stacks/period_calls.h"
#include "analyse/stacks/sampled_sections.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/stacks/stretch_calls.h"
#include "analyse/threads.h"
#include "base/clock.h"

/* Returns the running time that a tick stands for, over all threads. Idle threads hardly have any tick, so their time is left out. */
static double tick_weight_ns(const struct snapshot *snap)
{
	double ticks = 0, cpu_ns = 0;
	const struct thread_sum *sum;
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		ticks += (double)snap->stacks[i].cpu_samples;
	for (i = 0; i < snap->nr_threads; i++) {
		sum = &snap->threads[i].sum;
		if (!threads_is_idle(&snap->threads[i]))
			cpu_ns += (double)sum->wall_ns - ledger_off_ns(sum->off_ns);
	}
	return ticks > 0 ? fmax(cpu_ns, 0) / ticks : 0;
}

/* Returns true if `section` is the innermost sampled one of the stack. Marked sections inside it do not count. */
static bool is_innermost_sampled(const struct snapshot *snap, const struct snapshot_stack *stack, __u16 section)
{
	__u32 i;

	for (i = 0; i < stack->nr_sections && i < SAMPLE_SECTIONS; i++)
		if (stack->sections[i] < snap->nr_sections && snap->sections[stack->sections[i]]->stat.sampled)
			return stack->sections[i] == section;
	return false;
}

/* ---- the time that a sample stands for ---- */

/* Times in ns. */
struct sample_time {
	bool known;
	double cpu;			/* of a tick: running time */
	double queue;			/* of a tick: run-queue waits, if none was sampled. A thread waits for its CPU where it runs */
	double steal;			/* of a tick */
	double off[CAUSES];		/* of a sampled nanosecond of a wait */
	double ticks, ticks2;		/* the weights of all ticks of the stratum, and their squares */
};

/*
 * The samples of a marked section, or of "(outside)", are a stratum: its exact self time is divided among them. So no part of
 * it is longer than the section itself. Samples in a section that is itself sampled have the mean time of all threads.
 */
struct strata {
	const struct snapshot *snap;
	struct sample_time *times;	/* by section; the last one is "(outside)" */
	struct sample_time mean;
	__u32 more_frames;		/* the frame that stands for missing ones; the number of frames: there is none */
};

/* Idle threads are not in "(outside)". Their waits stand for themselves. */
static struct sample_time *stratum_of(const struct strata *s, const struct snapshot_stack *stack)
{
	__u16 section = stack->nr_sections ? stack->sections[0] : SNAPSHOT_OUTSIDE;

	if (section == SNAPSHOT_OUTSIDE)
		return sample_weights_covers(stack, section, SAMPLE_SCOPE_SELF) ? &s->times[s->snap->nr_sections] : NULL;
	return section < s->snap->nr_sections && !s->snap->sections[section]->stat.sampled ? &s->times[section] : NULL;
}

static void weigh_stratum(struct strata *s, struct sample_time *time)
{
	size_t section = (size_t)(time - s->times);
	struct sample_weights weights;
	int c;

	sample_weights_compute(&weights, s->snap, section < s->snap->nr_sections ? (__u16)section : SNAPSHOT_OUTSIDE, SAMPLE_SCOPE_SELF);
	time->known = true;
	time->cpu = weights.tick_s * NS_PER_S;
	time->queue = time->ticks > 0 ? weights.off_missing_s[CAUSE_RUNQUEUE] * NS_PER_S / time->ticks : 0;
	time->steal = weights.steal_s * NS_PER_S;
	for (c = 0; c < CAUSES; c++)
		time->off[c] = weights.off_s[c] * NS_PER_S;
}

/* Returns 0 or -ENOMEM. */
static int open_strata(struct strata *s, const struct snapshot *snap)
{
	struct sample_time *time;
	size_t i;
	int c;

	*s = (struct strata){
		.snap = snap, .times = calloc(snap->nr_sections + 1, sizeof(*s->times)),
		.mean = {.known = true, .cpu = tick_weight_ns(snap)},
	};
	if (!s->times)
		return -ENOMEM;
	for (c = 0; c < CAUSES; c++)
		s->mean.off[c] = 1;
	for (i = 0; i < snap->nr_stacks; i++) {
		time = stratum_of(s, &snap->stacks[i]);
		time = time ? time : &s->mean;
		time->ticks += (double)snap->stacks[i].cpu_samples;
		time->ticks2 += snap->stacks[i].cpu_samples2;
	}
	for (i = 0; i < snap->nr_stacks; i++) {
		time = stratum_of(s, &snap->stacks[i]);
		if (time && !time->known)
			weigh_stratum(s, time);
	}
	while (s->more_frames < snap->nr_frames && (snap->frames[s->more_frames].file || !snap->frames[s->more_frames].function ||
						    strcmp(snap->frames[s->more_frames].function, SNAPSHOT_MORE_FRAMES)))
		s->more_frames++;
	return 0;
}

static const struct sample_time *time_of_stack(const struct strata *s, const struct snapshot_stack *stack)
{
	const struct sample_time *time = stratum_of(s, stack);

	return time ? time : &s->mean;
}

/* Adds the waits of a stack to off_ns, unless that is NULL, and returns its whole time. */
static double add_stack_time(double *off_ns, const struct strata *s, const struct snapshot_stack *stack)
{
	const struct sample_time *time = time_of_stack(s, stack);
	double ticks = (double)stack->cpu_samples, ns, total_ns = ticks * time->cpu;
	int c;

	for (c = 0; c < CAUSES; c++) {
		ns = (double)stack->off_ns[c] * time->off[c];
		ns += c == CAUSE_RUNQUEUE ? ticks * time->queue : c == CAUSE_STEAL ? ticks * time->steal : 0;
		total_ns += ns;
		if (off_ns)
			off_ns[c] += ns;
	}
	return total_ns;
}

/* ---- errors ---- */

/* Variance of the time of `ticks` of a stratum's ticks. */
static double ticks_variance(const struct sample_time *time, double ticks)
{
	double error_ns = time->ticks * time->cpu * sample_weights_share_error(ticks, time->ticks, time->ticks2);

	return ticks > 0 ? error_ns * error_ns : 0;
}

/* The strata are independent of one another, and so are their ticks and their sampled waits. */
static double section_variance(const struct strata *s, __u16 section)
{
	double variance = 0, *ticks = calloc(s->snap->nr_sections + 2, sizeof(*ticks));
	const struct sample_time *time;
	size_t i;

	for (i = 0; i < s->snap->nr_stacks && ticks; i++) {
		const struct snapshot_stack *stack = &s->snap->stacks[i];

		if (!sample_weights_covers(stack, section, SAMPLE_SCOPE_TOTAL))
			continue;
		time = time_of_stack(s, stack);
		ticks[time == &s->mean ? s->snap->nr_sections + 1 : (size_t)(time - s->times)] += (double)stack->cpu_samples;
		variance += stack->off_ns2;
	}
	for (i = 0; i < s->snap->nr_sections + 2 && ticks; i++)
		variance += ticks_variance(i == s->snap->nr_sections + 1 ? &s->mean : &s->times[i], ticks[i]);
	free(ticks);
	return variance;
}

/* ---- sections ---- */

static bool has_missing_frames(const struct strata *s, const struct snapshot_stack *stack)
{
	__u32 i;

	for (i = 0; i < stack->nr_frames; i++)
		if (stack->frames[i] == s->more_frames)
			return true;
	return false;
}

/* The calls were counted at their entries, if they were at all; only their times are of samples. */
static void add_counted_calls(struct snapshot_section *facts, const struct section_stat *timed)
{
	__u64 ended = timed->begun > facts->open ? timed->begun - facts->open : 0;

	if (!ended)
		return;
	facts->stat.sampled = SAMPLED_AND_TIMED;
	facts->stat.count = ended;
	facts->stat.sum_ns = facts->stat.total_ns;
}

/*
 * While the calls were probed, samples fell into the probes, too: some into the function and some into its caller. Half of the probes'
 * time stands for that.
 */
static double probes_error_ns(const struct snapshot_section *facts, const struct section_stat *timed, const struct snapshot *snap)
{
	double begins_ns = (double)(timed->begun + facts->given_up_calls) * snap->trap_ns;
	double ends_ns = (double)timed->count * snap->probe_added_ns;

	return begins_ns + ends_ns > 0 ? (begins_ns + ends_ns) / 2 : 0;
}

static void round_waits(__u64 *to, const double *off_ns)
{
	int c;

	for (c = 0; c < CAUSES; c++)
		to[c] = (__u64)off_ns[c];
}

static void estimate_section(struct snapshot_section *facts, __u16 section, const struct strata *s)
{
	struct section_stat timed = facts->stat;
	double total_ns = 0, self_ns = 0, off_ns[CAUSES] = {0}, self_off_ns[CAUSES] = {0};
	size_t i;

	memset(&facts->ledger, 0, sizeof(facts->ledger));
	facts->unseen_ns = 0;
	for (i = 0; i < s->snap->nr_stacks; i++) {
		const struct snapshot_stack *stack = &s->snap->stacks[i];

		if (sample_weights_covers(stack, section, SAMPLE_SCOPE_TOTAL)) {
			total_ns += add_stack_time(off_ns, s, stack);
			if (is_innermost_sampled(s->snap, stack, section))
				self_ns += add_stack_time(self_off_ns, s, stack);
		} else if (has_missing_frames(s, stack)) {
			facts->unseen_ns += add_stack_time(NULL, s, stack);
		}
	}
	facts->total_error_ns = sqrt(section_variance(s, section));
	facts->stat = (struct section_stat){
		.kind = timed.kind, .sampled = SAMPLED, .total_ns = (__u64)total_ns, .self_ns = (__u64)self_ns,
	};
	round_waits(facts->ledger.off_ns, off_ns);
	round_waits(facts->ledger.self_off_ns, self_off_ns);
	if (timed.sampled & SAMPLED_IN_PERIODS && period_calls_estimate(facts, &timed))
		return;
	if (!stretch_calls_hold_against(facts, &timed, s->snap)) {
		facts->total_error_ns += probes_error_ns(facts, &timed, s->snap);
		facts->has_no_time = !s->snap->frequency_hz;
	}
	add_counted_calls(facts, &timed);
}

/* The weights are of the sections' exact times, so they come before the first estimate. */
int sampled_sections_estimate(struct snapshot_section **sections, const struct snapshot *snap)
{
	bool any = false;
	struct strata s;
	size_t i;
	int err;

	for (i = 0; i < snap->nr_sections; i++)
		any |= sections[i]->stat.sampled != SAMPLED_NOT;
	if (!any)
		return 0;
	err = open_strata(&s, snap);
	for (i = 0; i < snap->nr_sections && !err; i++)
		if (sections[i]->stat.sampled)
			estimate_section(sections[i], (__u16)i, &s);
	free(s.times);
	return err;
}

double sampled_sections_tick_ns(const struct snapshot *snap)
{
	return tick_weight_ns(snap);
}

double sampled_sections_error_s(const struct snapshot *snap, size_t section)
{
	assert(section < snap->nr_sections);
	return snap->sections[section]->stat.sampled ? snap->sections[section]->total_error_ns * S_PER_NS : NAN;
}
