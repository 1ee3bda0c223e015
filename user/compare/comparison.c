// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison.c - answers about a comparison. */
#include <math.h>

#include "compare/comparison.h"
#include "compare/stats/permutation.h"
#include "compare/stats/welch.h"

const struct comparison_effect *comparison_main_effect(const struct comparison *c, const struct comparison_subject *subject)
{
	size_t k;

	for (k = 0; k < c->options->nr_metrics; k++)
		if (metric_subject_of(&c->options->metrics[k]) == subject->kind)
			return &subject->effects[k];
	return NULL;
}

bool comparison_differs_within_runs(const struct comparison *c, const struct comparison_subject *subject,
				    const struct comparison_effect *e)
{
	return e->is_within_runs && (e->low > 0 || e->high < 0) && fabs(e->change) >= c->options->min_effect &&
	       !(subject->share < c->options->min_time);
}

size_t comparison_sessions_needed(const struct comparison *c)
{
	size_t nr = WELCH_LEAST;

	while (permutation_least_p(nr, nr) > 1 - c->options->confidence && nr < COMPARISON_SESSIONS)
		nr++;
	return nr;
}

const char *comparison_word(const struct metric *metric, enum comparison_verdict verdict)
{
	switch (verdict) {
	case VERDICT_CANNOT_TELL:
		return "cannot tell";
	case VERDICT_SMALL:
		return "too short to matter";
	case VERDICT_NO_CHANGE:
		return "no change found";
	case VERDICT_UP:
	case VERDICT_DOWN:
		return metric_word(metric, verdict == VERDICT_UP);
	}
	return "";
}
