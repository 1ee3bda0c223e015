// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_table.c - what sections did with a GPU, as their threads saw it. */
#include <math.h>

#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"

#define MOST_SECTIONS 20
#define LITTLE_S 1e-3
#define SIGMA 2			/* an estimate that is no larger may be none */

/* The wait is an estimate as far as samples tell it. */
static bool uses_gpu(const struct dcbs_section *s)
{
	double error_s = s->gpu.wait_error_s > 0 ? s->gpu.wait_error_s : 0;

	return s->gpu.wait_s >= LITTLE_S + SIGMA * error_s || s->gpu.driver_s >= LITTLE_S + SIGMA * s->gpu.driver_error_s;
}

static int longest_gpu_name(const struct dcbs_report *r)
{
	int longest = 0, width;
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		width = uses_gpu(&r->sections[i]) ? display_width(r->sections[i].name) : 0;
		longest = width > longest ? width : longest;
	}
	return longest;
}

static const char *level_words(const struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (uses_gpu(&r->sections[i]))
			return r->sections[i].gpu_calls.level > 0 ?
				"Calls that wait or copy were timed; other time in the driver is known from samples." :
				"Waits are known from samples, at least at the end, so calls were not counted.";
	return "";
}

void text_gpu(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	int longest = longest_gpu_name(r);
	struct table table;
	size_t i, shown = 0;

	if (!longest)
		return;
	text_lines_heading(t, "GPU");
	table_fit_names(&table, TABLE_GPU, r, t->width, longest > (int)sizeof("section") - 1 ? longest : (int)sizeof("section") - 1,
			t->whole_names);
	table_titles(&table, t->file);
	fputc('\n', t->file);
	for (i = 0; i < r->nr_sections && shown < MOST_SECTIONS; i++) {
		if (!uses_gpu(&r->sections[i]))
			continue;
		table_row(&table, t->file, &r->sections[i], r->duration_s);
		fputc('\n', t->file);
		shown++;
	}
	text_lines_paragraph(t, "%s", level_words(r));
}
