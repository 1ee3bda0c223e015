// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* processes.c - the time of each process in sections, and how far the processes differ in one section. */
#include <assert.h>
#include <math.h>

#include "analyse/processes.h"
#include "analyse/stacks/sampled_sections.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"

#define FEW_WAITS 20	/* fewer waits are too few for a mean */

/* The figure by which processes are compared: they may have lived for different times and made different numbers of calls. */
static double compared_s(const struct dcbs_process_time *time)
{
	if (!isnan(time->mean_s))
		return time->mean_s;
	return isnan(time->mean_wait_s) ? time->total_s : time->mean_wait_s;
}

static void compare_process(struct dcbs_skew *to, const struct dcbs_process_time *time)
{
	if (!to->processes || compared_s(time) > compared_s(&to->slowest))
		to->slowest = *time;
	if (!to->processes || compared_s(time) < compared_s(&to->fastest))
		to->fastest = *time;
	to->processes++;
}

/* Only processes with a call that has ended take part. */
static void compare_calls(struct dcbs_skew *to, const struct snapshot *snap, size_t section)
{
	size_t i;

	for (i = 0; i < snap->nr_parts; i++) {
		const struct snapshot_part *part = &snap->parts[i];
		struct dcbs_process_time time;

		if (part->section_id != section || !part->sum.count)
			continue;
		assert(part->target < snap->nr_targets);
		time = (struct dcbs_process_time) {
			.pid = snap->targets[part->target].pid, .count = summary_count(part->sum.count),
			.mean_s = part->sum.sum_ns * S_PER_NS / part->sum.count, .total_s = part->sum.total_ns * S_PER_NS,
			.mean_wait_s = NAN,
		};
		compare_process(to, &time);
	}
}

/* Returns true if each process has enough sampled waits in the section for a mean. */
static bool waits_are_many(const struct snapshot *snap, size_t section)
{
	size_t i;

	for (i = 0; i < snap->nr_sampled_parts; i++)
		if (snap->sampled_parts[i].section_id == section && snap->sampled_parts[i].waits < FEW_WAITS)
			return false;
	return true;
}

/* Calls are unknown then. If each of them waits, as for a disk or an answer, the mean wait shows which process is slow. */
static void compare_samples(struct dcbs_skew *to, const struct snapshot *snap, size_t section)
{
	bool by_wait = waits_are_many(snap, section);
	double tick_ns = sampled_sections_tick_ns(snap);
	size_t i;

	for (i = 0; i < snap->nr_sampled_parts; i++) {
		const struct snapshot_sampled_part *part = &snap->sampled_parts[i];
		struct dcbs_process_time time;

		if (part->section_id != section)
			continue;
		time = (struct dcbs_process_time) {
			.pid = part->pid, .count = DCBS_UNKNOWN, .mean_s = NAN,
			.total_s = ((double)part->ticks * tick_ns + (double)part->off_ns) * S_PER_NS,
			.mean_wait_s = by_wait ? part->off_ns * S_PER_NS / part->waits : NAN,
		};
		compare_process(to, &time);
	}
}

void processes_skew(struct dcbs_skew *to, const struct snapshot *snap, size_t section)
{
	assert(section < snap->nr_sections);
	*to = (struct dcbs_skew){.ratio = NAN};
	compare_calls(to, snap, section);
	if (!to->processes && snap->sections[section]->stat.sampled)
		compare_samples(to, snap, section);
	if (to->processes > 1 && compared_s(&to->fastest) > 0)
		to->ratio = compared_s(&to->slowest) / compared_s(&to->fastest);
}

/* Time in functions that are known from samples. Their calls are not counted. */
static double sampled_time_s(const struct snapshot *snap, pid_t pid)
{
	double ns = 0, tick_ns = snap->nr_sampled_parts ? sampled_sections_tick_ns(snap) : 0;
	size_t i;

	for (i = 0; i < snap->nr_sampled_parts; i++) {
		const struct snapshot_sampled_part *part = &snap->sampled_parts[i];

		if (part->pid == pid && snap->sections[part->section_id]->stat.sampled)
			ns += (double)part->self_ticks * tick_ns + (double)part->self_off_ns;
	}
	return ns * S_PER_NS;
}

/* A function may lie within a marked section, or around it: the larger time counts, so that none counts twice. */
static void add_sampled_sections(struct dcbs_target *to, const struct snapshot *snap)
{
	double sampled_s = sampled_time_s(snap, to->pid);

	if (sampled_s > 0 && !to->sections)
		to->sections = DCBS_UNKNOWN;
	to->sections_s = fmax(to->sections_s, sampled_s);
}

/* A process that is alone has no parts: the sections' times are its own. */
static void add_all_sections(struct dcbs_target *to, const struct snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++) {
		const struct snapshot_section *facts = snap->sections[i];

		if (!summary_is_timed(facts))
			continue;
		to->sections = summary_add_count(to->sections, facts->stat.count);
		to->sections_s += facts->stat.self_ns * S_PER_NS;
	}
}

void processes_fill_target(struct dcbs_target *to, const struct snapshot *snap, size_t target)
{
	size_t i;

	assert(target < snap->nr_targets);
	to->sections = 0;
	to->sections_s = 0;
	if (snap->nr_targets == 1)
		add_all_sections(to, snap);
	for (i = 0; i < snap->nr_parts; i++) {
		if (snap->parts[i].target != target)
			continue;
		to->sections = summary_add_count(to->sections, snap->parts[i].sum.count);
		to->sections_s += snap->parts[i].sum.self_ns * S_PER_NS;
	}
	add_sampled_sections(to, snap);
}
