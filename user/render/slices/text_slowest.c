// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_slowest.c - the slowest calls of each section, a line or two for each. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/text/text_parts.h"

#define LABEL 11
#define MOST_FRAMES 6		/* the innermost ones */

static void write_frames(FILE *words, const struct dcbs_slow_call *c)
{
	size_t first = c->nr_frames > MOST_FRAMES ? c->nr_frames - MOST_FRAMES : 0, i;

	for (i = first; i < c->nr_frames; i++)
		fprintf(words, "%s%s", i > first ? " > " : first ? "; in ... > " : "; in ", c->frames[i]);
}

static void write_call(const struct text *t, const struct dcbs_slow_call *c)
{
	char *words = NULL, label[64];
	size_t len;
	FILE *file = open_memstream(&words, &len);

	if (!file)
		return;
	fprintf(file, "at %s, thread %d%s", human_time(c->at_s).text, (int)c->tid, c->flow ? ", in a coroutine" : "");
	if (c->items > 0)
		fprintf(file, ", %s items", human_exact(c->items).text);
	if (cause_known(&c->wall)) {
		fputs(": ", file);
		cause_in_words(file, &c->wall);
	}
	write_frames(file, c);
	snprintf(label, sizeof(label), "  %s", human_tight(human_time(c->duration_s)).text);
	if (!fclose(file))
		text_lines_beside(t, label, LABEL, "%s", words);
	free(words);
}

void text_slowest(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	bool any = false;
	size_t i, k;

	for (i = 0; i < r->nr_sections && t->verbose; i++) {
		if (!r->sections[i].nr_slowest)
			continue;
		if (!any)
			text_lines_heading(t, "SLOWEST CALLS");
		any = true;
		fprintf(t->file, "%s\n", r->sections[i].name);
		for (k = 0; k < r->sections[i].nr_slowest; k++)
			write_call(t, &r->sections[i].slowest[k]);
	}
}
