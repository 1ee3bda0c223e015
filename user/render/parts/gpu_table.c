// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_table.c - what sections did with a GPU, as their threads saw it. */
#include <math.h>

#include "base/human.h"
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

	if (s->gpu_memory.allocs > 0 || s->gpu_memory.allocs_failed > 0)
		return true;
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

static void write_memory(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_gpu_memory *m = &r->gpu_memory;

	if (m->live_bytes > 0 || m->peak_bytes > 0)
		text_lines_paragraph(t, "Memory of the GPU that was taken in the window: %s at most, %s at the end, in %s calls.",
				     human_size((double)m->peak_bytes).text, human_size((double)m->live_bytes).text, human_exact(m->allocs).text);
	if (m->allocs_failed > 0)
		text_lines_paragraph(t, "%s calls for memory of the GPU failed: there was not enough, or an argument was wrong.",
				     human_exact(m->allocs_failed).text);
	if (r->gpu_frees_unknown > 0)
		text_lines_paragraph(t, "Memory that had been taken before the window was given back in %s calls; it is in no figure.",
				     human_exact(r->gpu_frees_unknown).text);
	if (r->gpu_allocs_unfollowed > 0)
		text_lines_paragraph(t, "%s pieces of the GPU's memory were not followed, as there were too many: what is live, and the peak, are "
				     "unknown where they were taken.", human_exact(r->gpu_allocs_unfollowed).text);
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
	write_memory(t);
}
