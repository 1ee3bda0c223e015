// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* within_runs.c - how far two sessions differ beyond what varies within them, by their slices of time. */
#include <math.h>

#include "compare/parts/within_runs.h"
#include "compare/stats/bootstrap.h"

/* The slices of a section in one session, as numbers to be added up. */
struct section_run {
	double amount[BOOTSTRAP_SLICES], calls[BOOTSTRAP_SLICES];
	size_t nr;
};

/* A cause that does not occur has no array. NULL and *is_known: it is 0 in all slices. */
static const double *amounts_of(const struct metric *metric, const struct dcbs_section_slices *slices, bool *is_known)
{
	size_t offset = metric_causes[metric->kind == METRIC_WAIT ? metric->cause : 0].offset;

	*is_known = metric->kind == METRIC_MEAN || metric->kind == METRIC_CPU || metric->kind == METRIC_WAIT;
	return metric->kind == METRIC_MEAN ? slices->total_s : slices->wall_s[offset / sizeof(double)];
}

/* A slice in which something is unknown is left out. */
static bool take_slices(struct section_run *run, const struct metric *metric, const struct dcbs_section *section)
{
	const struct dcbs_section_slices *slices = &section->slices;
	const double *amounts;
	bool is_known;
	size_t i;

	amounts = amounts_of(metric, slices, &is_known);
	if (!is_known || !slices->nr || slices->nr > BOOTSTRAP_SLICES)
		return false;
	for (run->nr = 0, i = 0; i < slices->nr; i++) {
		if (slices->count[i] == DCBS_UNKNOWN || (amounts && !isfinite(amounts[i])))
			continue;
		run->amount[run->nr] = amounts ? amounts[i] : 0;
		run->calls[run->nr++] = (double)slices->count[i];
	}
	return true;
}

bool within_runs_interval(const struct comparison *c, const struct comparison_subject *subject, const struct metric *metric,
			  double *low, double *high)
{
	struct section_run old_slices, new_slices;
	struct bootstrap_run old_run, new_run;

	if (subject->kind != METRIC_OF_SECTION || !subject->old_sections[0] || !subject->new_sections[0] ||
	    (metric_is_divided(metric) && c->options->per != METRIC_PER_CALL))
		return false;
	if (!take_slices(&old_slices, metric, subject->old_sections[0]) ||
	    !take_slices(&new_slices, metric, subject->new_sections[0]))
		return false;
	old_run = (struct bootstrap_run){old_slices.amount, old_slices.calls, old_slices.nr};
	new_run = (struct bootstrap_run){new_slices.amount, new_slices.calls, new_slices.nr};
	if (!bootstrap_interval(&old_run, &new_run, c->options->confidence, low, high))
		return false;
	*low = expm1(*low);
	*high = expm1(*high);
	return true;
}
