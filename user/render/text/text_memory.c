// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_memory.c - which section made memory grow, and that the sum is the growth of the process. */
#include <math.h>
#include <stdlib.h>

#include "render/text/table.h"
#include "render/text/text.h"
#include "base/human.h"

#define MOST_SECTIONS 20
#define LARGE_BYTES (1 << 20)	/* that came or went: worth a line */

static double known(int64_t bytes)
{
	return bytes == DCBS_UNKNOWN ? NAN : (double)bytes;
}

static double moved(const struct dcbs_memory *m)
{
	return known(m->grown_bytes) + known(m->shrunk_bytes);
}

static bool is_measured(const struct dcbs_report *r)
{
	return r->sections_bytes != DCBS_UNKNOWN;
}

static void put_bytes(const struct text *t, const struct table *table, const char *what, double bytes, const char *words)
{
	if (isnan(bytes))
		return;
	table_bytes(table, t->file, what, bytes);
	if (t->width >= 80 && bytes)
		fprintf(t->file, "  %s", words);
	fputc('\n', t->file);
}

/* Returns the growth of the sections that have no line. */
static double put_sections(const struct text *t, const struct table *table, size_t *left)
{
	const struct dcbs_report *r = t->report;
	size_t i, shown = 0, sections = text_sections(r);
	const struct dcbs_section *s;
	double rest = known(r->sections_bytes);

	for (i = 0; i < r->nr_sections; i++) {
		s = &r->sections[i];
		if (i < sections && (!(moved(&s->self_memory) >= LARGE_BYTES) || shown >= MOST_SECTIONS)) {
			*left += s->self_memory.rss_delta_bytes != DCBS_UNKNOWN;
			continue;
		}
		table_row(table, t->file, s, r->duration_s);
		fputc('\n', t->file);
		rest -= i < sections ? known(s->self_memory.rss_delta_bytes) : 0;
		shown++;
	}
	return rest;
}

/* Only what gave back is told: others follow from it. */
static void put_givers(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_section *s, *most = NULL;
	size_t i, more = 0;

	for (i = 0; i < r->nr_sections; i++) {
		s = &r->sections[i];
		if (!(known(s->self_memory.rss_delta_bytes) <= -LARGE_BYTES))
			continue;
		more += most != NULL;
		if (!most || s->self_memory.rss_delta_bytes < most->self_memory.rss_delta_bytes)
			most = s;
	}
	if (!most)
		return;
	text_beside(t, "", 0, "%s gave back %s more than it took: it frees what others allocated.", most->name,
		    human_size(-known(most->self_memory.rss_delta_bytes)).text);
	if (more)
		text_beside(t, "", 0, "So did %zu more.", more);
}

/* What children have from their birth, and what they had when they went, is nobody's doing. */
static const char *others_words(const struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_targets; i++)
		if (r->targets[i].parent)
			return "reclaim, and with processes that came and went";
	return "reclaim, and what else other tasks did to it";
}

void text_memory(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t left = 0;
	struct table table;
	double rest;
	char words[64];

	if (!is_measured(r))
		return;
	fprintf(t->file, "\nMEMORY\n");
	table_fit(&table, TABLE_MEMORY, r, t->width);
	table_titles(&table, t->file);
	fputc('\n', t->file);
	rest = put_sections(t, &table, &left);
	snprintf(words, sizeof(words), "%zu other section%s", left, left == 1 ? "" : "s");
	put_bytes(t, &table, "(others)", rest ? rest : NAN, words);
	put_bytes(t, &table, "other tasks", known(r->others_bytes), others_words(r));
	put_bytes(t, &table, "unexplained", known(r->unexplained_bytes),
		  r->memory_estimated ? "sections' growth is estimated, the sum is not" : "no event was seen of these");
	put_bytes(t, &table, "sum", known(r->rss_end_bytes) - known(r->rss_start_bytes), "the growth of RSS in the window");
	text_beside(t, "", 0, "Growth of RSS, of anonymous and of file pages, while a section was the innermost one. p99 "
		    "and peak: of one call, what it called included.");
	put_givers(t);
}
