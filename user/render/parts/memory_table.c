// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* memory_table.c - the growth of memory by section; the lines add up to the growth of the process. */
#include <math.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"
#include "render/unknown.h"

#define MOST_SECTIONS 20
#define WIDE 80			/* columns: there is room for an explanation behind each number */
#define COPIED_BYTES (4 << 20)	/* fewer bytes copied on write are not worth a line */
#define LARGE_BYTES (1 << 20)	/* of RSS, gained plus lost: worth a line */

/* RSS gained plus RSS lost. */
static double moved_bytes(const struct dcbs_memory *m)
{
	return unknown_to_nan(m->grown_bytes) + unknown_to_nan(m->shrunk_bytes);
}

static void write_bytes(const struct text *t, const struct table *table, const char *name, double bytes, const char *words)
{
	if (isnan(bytes))
		return;
	table_bytes(table, t->file, name, bytes);
	if (t->width >= WIDE && bytes)
		fprintf(t->file, "  %s", words);
	fputc('\n', t->file);
}

/* Returns the growth by sections that have no line; *left counts those of known growth. */
static double write_section_rows(const struct text *t, const struct table *table, size_t *left)
{
	const struct dcbs_report *r = t->report;
	size_t i, shown = 0, sections = table_nr_sections(r);
	const struct dcbs_section *s;
	double rest = unknown_to_nan(r->sections_bytes);

	for (i = 0; i < r->nr_sections; i++) {
		s = &r->sections[i];
		if (i < sections && (!(moved_bytes(&s->self_memory) >= LARGE_BYTES) || shown >= MOST_SECTIONS)) {
			*left += s->self_memory.rss_delta_bytes != DCBS_UNKNOWN;
			continue;
		}
		table_row(table, t->file, s, r->duration_s);
		fputc('\n', t->file);
		rest -= i < sections ? unknown_to_nan(s->self_memory.rss_delta_bytes) : 0;
		shown++;
	}
	return rest;
}

/* Names the section that gave back most; other such sections are only counted. */
static void write_largest_giver(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_section *s, *most = NULL;
	size_t i, more = 0;

	for (i = 0; i < r->nr_sections; i++) {
		s = &r->sections[i];
		if (!(unknown_to_nan(s->self_memory.rss_delta_bytes) <= -LARGE_BYTES))
			continue;
		more += most != NULL;
		if (!most || s->self_memory.rss_delta_bytes < most->self_memory.rss_delta_bytes)
			most = s;
	}
	if (!most)
		return;
	text_lines_paragraph(t, "%s gave back %s more than it took: it frees memory that others allocated.", most->name,
			     human_size(-unknown_to_nan(most->self_memory.rss_delta_bytes)).text);
	if (more)
		text_lines_paragraph(t, "%zu more did so, too.", more);
}

static double all_copied_bytes(const struct dcbs_report *r, const struct dcbs_section **most)
{
	double sum = 0;
	size_t i;

	*most = NULL;
	for (i = 0; i < r->nr_sections; i++) {
		const struct dcbs_section *s = &r->sections[i];

		if (!(unknown_to_nan(s->self_memory.copied_bytes) > 0))
			continue;
		sum += (double)s->self_memory.copied_bytes;
		if (!*most || s->self_memory.copied_bytes > (*most)->self_memory.copied_bytes)
			*most = s;
	}
	return sum;
}

/* Stands behind the sum: it is no part of the growth of RSS. */
static void write_copied(const struct text *t, const struct table *table)
{
	const struct dcbs_section *most;
	double bytes = all_copied_bytes(t->report, &most);

	if (!(bytes >= COPIED_BYTES))
		return;
	write_bytes(t, table, "on write", bytes, "copied as they were shared; not in RSS");
	text_lines_paragraph(t, "%s made most of the copies on write, at most %s: private memory grew by it, RSS did not. Reading a Python "
			     "object writes its reference count.", most->name, human_size((double)most->self_memory.copied_bytes).text);
}

/* No section is charged with the memory that a child has at its start, nor with what is freed by its exit. */
static const char *others_words(const struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_targets; i++)
		if (r->targets[i].parent)
			return "reclaim, and processes that started or exited";
	return "reclaim, and other changes by other tasks";
}

static bool is_large(double bytes)
{
	return fabs(bytes) >= LARGE_BYTES;
}

/* If nothing grew or shrank, the line of the answer has all. */
static bool has_moved(const struct dcbs_report *r)
{
	const struct dcbs_section *most;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (moved_bytes(&r->sections[i].self_memory) >= LARGE_BYTES)
			return true;
	return is_large(unknown_to_nan(r->others_bytes)) || is_large(unknown_to_nan(r->unexplained_bytes)) ||
	       is_large(unknown_to_nan(r->rss_end_bytes) - unknown_to_nan(r->rss_start_bytes)) ||
	       all_copied_bytes(r, &most) >= COPIED_BYTES;
}

static int longest_name(const struct dcbs_report *r)
{
	int longest = sizeof("unexplained") - 1, width;
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		width = display_width(r->sections[i].name);
		longest = width > longest ? width : longest;
	}
	return longest;
}

void text_memory(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t left = 0;
	struct table table;
	double rest;
	char words[64];

	if (r->sections_bytes == DCBS_UNKNOWN || (!has_moved(r) && !t->verbose))
		return;
	text_lines_heading(t, "MEMORY");
	table_fit_names(&table, TABLE_MEMORY, r, t->width, longest_name(r), t->whole_names);
	table_titles(&table, t->file);
	fputc('\n', t->file);
	rest = write_section_rows(t, &table, &left);
	snprintf(words, sizeof(words), "%zu other section%s", left, left == 1 ? "" : "s");
	write_bytes(t, &table, "(others)", rest ? rest : NAN, words);
	write_bytes(t, &table, "other tasks", unknown_to_nan(r->others_bytes), others_words(r));
	write_bytes(t, &table, "unexplained", unknown_to_nan(r->unexplained_bytes),
		    r->memory_estimated ? "sections' growth is estimated, the sum is not" : "no event was seen for these");
	write_bytes(t, &table, "sum", unknown_to_nan(r->rss_end_bytes) - unknown_to_nan(r->rss_start_bytes),
		    "the growth of RSS in the window");
	write_copied(t, &table);
	text_lines_paragraph(t, "Growth of RSS, of anonymous and of file pages, while a section was the innermost one. p99 "
			     "and peak: of one call, including calls it made.");
	write_largest_giver(t);
}
