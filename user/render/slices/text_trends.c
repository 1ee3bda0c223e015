// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_trends.c - sections whose calls began slowly, or took longer and longer: a line for each, where the slices show it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/text/text_parts.h"

#define LABEL 7
#define HOUR_S 3600.0
#define LONG_S 1800.0		/* a shorter window is no ground for a figure by the hour */
#define LEAST_SHARE 0.05	/* of the window, without --verbose */

static void write_change(FILE *words, const struct dcbs_trend *t)
{
	bool long_run = t->over_s >= LONG_S;
	double by = long_run ? HOUR_S / t->over_s : 1;

	fprintf(words, "%s: a call took %.0f %% (± %.0f) %s %s%s", t->change > 0 ? "slower" : "faster", fabs(t->change) * by * 100,
		fmax(t->change_error * by * 100, 1), t->change > 0 ? "longer" : "less",
		long_run ? "with each hour" : "at the end of the last ", long_run ? "" : human_time(t->over_s).text);
	if (!long_run)
		fputs(" than at their beginning", words);
}

static void write_warm_up(FILE *words, const struct dcbs_trend *t)
{
	fprintf(words, "%s first %s took %.1f times as long a call", ftell(words) ? "; the" : "slow start: the",
		human_time(t->warm_up_s).text, t->warm_up_factor);
}

static void write_trend(const struct text *t, const struct dcbs_section *s)
{
	char *words = NULL;
	size_t len;
	FILE *file = open_memstream(&words, &len);

	if (!file)
		return;
	if (!isnan(s->trend.change))
		write_change(file, &s->trend);
	if (!isnan(s->trend.warm_up_s))
		write_warm_up(file, &s->trend);
	if (!fclose(file) && len)
		text_lines_beside(t, "Trend:", LABEL, "%s, %s.", s->name, words);
	free(words);
}

void text_trends(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (t->verbose || r->sections[i].total_s >= LEAST_SHARE * r->duration_s)
			write_trend(t, &r->sections[i]);
}
