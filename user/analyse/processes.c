// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* processes.c - the time of each process in sections, and how far the processes differ in one section. */
#include <assert.h>
#include <math.h>

#include "analyse/processes.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"

/*
 * Only processes with a call that has ended take part. They are compared by their mean call: they may have lived for
 * different times and made different numbers of calls.
 */
void processes_skew(struct dcbs_skew *to, const struct snapshot *snap, size_t section)
{
	size_t i;

	assert(section < snap->nr_sections);
	*to = (struct dcbs_skew){.ratio = NAN};
	for (i = 0; i < snap->nr_parts; i++) {
		const struct snapshot_part *part = &snap->parts[i];
		struct dcbs_process_time time;

		if (part->section_id != section || !part->sum.count)
			continue;
		assert(part->target < snap->nr_targets);
		time = (struct dcbs_process_time) {
			.pid = snap->targets[part->target].pid, .count = summary_count(part->sum.count),
			.mean_s = part->sum.sum_ns * S_PER_NS / part->sum.count, .total_s = part->sum.total_ns * S_PER_NS,
		};
		if (!to->processes || time.mean_s > to->slowest.mean_s)
			to->slowest = time;
		if (!to->processes || time.mean_s < to->fastest.mean_s)
			to->fastest = time;
		to->processes++;
	}
	if (to->processes > 1 && to->fastest.mean_s > 0)
		to->ratio = to->slowest.mean_s / to->fastest.mean_s;
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
}
