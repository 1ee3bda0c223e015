// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* processes.c - what each of several processes has of the sections, and how far they are apart. */
#include <math.h>

#include "analyse/processes.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"


/* Processes that have a call that is over. By its mean: they may have lived for different times, and done different numbers of calls. */
void processes_skew(struct dcbs_skew *to, const struct snapshot *snap, size_t row)
{
	size_t i;

	*to = (struct dcbs_skew){.ratio = NAN};
	for (i = 0; i < snap->nr_parts; i++) {
		const struct snapshot_part *share = &snap->shares[i];
		struct dcbs_process_time time;

		if (share->section_id != row || !share->sum.count)
			continue;
		time = (struct dcbs_process_time) {
			.pid = snap->targets[share->target].pid, .count = summary_count(share->sum.count),
			.mean_s = share->sum.sum_ns * S_PER_NS / share->sum.count, .total_s = share->sum.total_ns * S_PER_NS,
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

/* Where there is only one process, all is its own. */
static void sum_rows(struct dcbs_target *to, const struct snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++) {
		const struct section_stat *stat = &snap->sections[i]->stat;

		if (!summary_is_section(snap->sections[i]) || stat->sampled)
			continue;
		to->sections = summary_add_count(to->sections, stat->count);
		to->sections_s += stat->self_ns * S_PER_NS;
	}
}

void processes_fill_target(struct dcbs_target *to, const struct snapshot *snap, size_t target)
{
	size_t i;

	to->sections = 0;
	to->sections_s = 0;
	if (snap->nr_targets == 1)
		sum_rows(to, snap);
	for (i = 0; i < snap->nr_parts; i++) {
		if (snap->shares[i].target != target)
			continue;
		to->sections = summary_add_count(to->sections, snap->shares[i].sum.count);
		to->sections_s += snap->shares[i].sum.self_ns * S_PER_NS;
	}
}
