// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* section_table.c - the sections as a tree: their times, and a bar of causes beside each. */
#include <math.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"

#define INDENT 2
#define DEEPEST 12		/* deeper sections are not indented more */
#define MOST_SECTIONS 40	/* those with the most time, without --verbose */
#define CAUSES_WIDTH 25		/* three causes */
#define FEW 0.1			/* of the calls: fewer that began or ended outside of the window are not worth a word */

static int indent_of(const struct section_tree_node *node)
{
	return INDENT * (node->depth < DEEPEST ? node->depth : DEEPEST);
}

/* ---- facts for which the table has no column ---- */

static void add_detail(FILE *words, int64_t n, const char *label)
{
	if (n > 0)
		fprintf(words, "%s%s %s", ftell(words) ? "; " : "", human_exact(n).text, label);
}

/* Calls that are in the total and not in `calls`: where they are few the mean and the total tell the same. */
static void add_open(FILE *words, const struct dcbs_section *s, bool verbose)
{
	int64_t open = s->open > 0 ? s->open : 0, at_start = s->open_at_start > 0 ? s->open_at_start : 0;

	if (!verbose && (double)open + (double)at_start < FEW * (double)s->count)
		return;
	add_detail(words, open, "still open at the end");
	add_detail(words, at_start, "open at the start");
}

static void write_process_time(FILE *words, const struct dcbs_process_time *p, const char *which)
{
	fprintf(words, "%d %s, ", (int)p->pid, which);
	if (!isnan(p->mean_s))
		fprintf(words, "mean %s", human_time(p->mean_s).text);
	else
		fprintf(words, "%s in all", human_time(p->total_s).text);
	if (!isnan(p->mean_wait_s))
		fprintf(words, ", mean wait %s", human_time(p->mean_wait_s).text);
}

static void write_skew(FILE *words, const struct dcbs_skew *s)
{
	if (s->processes < 2)
		return;
	fprintf(words, "%s%s processes: ", ftell(words) ? "; " : "", human_exact(s->processes).text);
	write_process_time(words, &s->slowest, "slowest");
	fputs("; ", words);
	write_process_time(words, &s->fastest, "fastest");
	if (!isnan(s->ratio))
		fprintf(words, "; %s times", human_number(s->ratio).text);
}

static void write_details(const struct text *t, const struct section_tree_node *node)
{
	const struct dcbs_section *s = node->section;
	char *text = NULL;
	size_t len = 0;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	add_open(words, s, t->verbose);
	add_detail(words, s->unreturned, "ended without a return");
	add_detail(words, s->errors, s->errors == 1 ? "error" : "errors");
	add_detail(words, s->cancelled, "cancelled");
	add_detail(words, s->items, s->items == 1 ? "item" : "items");
	if (s->items > 0 && !isnan(s->items_per_s))
		fprintf(words, ", %s/s", human_number(s->items_per_s).text);
	if (s->wall.worker_cpu_s > 0)
		fprintf(words, "%sother threads ran %s for it", ftell(words) ? "; " : "", human_time(s->wall.worker_cpu_s).text);
	if (s->unseen_s > 0)
		fprintf(words, "%sat least; up to %s more: stacks too deep to be seen whole", ftell(words) ? "; " : "",
			human_time_within(s->unseen_s, s->error_s).text);
	write_skew(words, &s->skew);
	text_session_skew(t, words, &s->session_skew);
	if (!fclose(words) && len)
		text_lines_beside(t, "", indent_of(node) + 2 * INDENT, "%s", text);
	free(text);
}

/* ---- the table ---- */

static int longest_name(const struct section_tree *tree)
{
	int longest = sizeof("section") - 1, width;
	size_t i;

	for (i = 0; i < tree->nr; i++) {
		width = display_width(tree->nodes[i].section->name) + indent_of(&tree->nodes[i]);
		longest = width > longest ? width : longest;
	}
	return longest;
}

/* The report has the sections in the order of their time. */
static bool is_shown(const struct text *t, const struct dcbs_section *s)
{
	return t->verbose || s - t->report->sections < MOST_SECTIONS || section_tree_is_outside(s);
}

static void write_rows(const struct text *t, const struct table *table, const struct section_tree *tree)
{
	bool has_room = t->width >= table_width(table) + 2 + CAUSES_WIDTH;
	size_t i, left = 0;

	for (i = 0; i < tree->nr; i++) {
		const struct section_tree_node *node = &tree->nodes[i];

		if (!is_shown(t, node->section)) {
			left++;
			continue;
		}
		table_row_indented(table, t->file, node->section, t->report->duration_s, indent_of(node));
		if (has_room && cause_known(&node->section->wall)) {
			fputs("  ", t->file);
			cause_largest(t->file, &node->section->wall, CAUSES_WIDTH);
		}
		fputc('\n', t->file);
		write_details(t, node);
	}
	if (left)
		text_lines_paragraph(t, "(%zu more took less time: --verbose shows them)", left);
}

static void write_legend(const struct text *t, const struct table *table)
{
	unsigned int set = 0;
	char *words = NULL;
	size_t i, len;
	FILE *to = table_has_bar(table) ? open_memstream(&words, &len) : NULL;

	for (i = 0; i < t->report->nr_sections; i++)
		set |= cause_set(&t->report->sections[i].wall);
	if (!to)
		return;
	cause_legend(to, set);
	if (!fclose(to) && set)
		text_lines_paragraph(t, "One letter is 10%% of a section's time, including calls it made: %s.", words);
	free(words);
}

static void write_table(const struct text *t, const struct section_tree *tree)
{
	struct table table;

	table_fit_names(&table, TABLE_LIVE, t->report, t->width, longest_name(tree), t->whole_names);
	table.colour = t->colour;
	table_titles(&table, t->file);
	fputc('\n', t->file);
	write_rows(t, &table, tree);
	write_legend(t, &table);
}

/* Without samples a list is not a tree without branches. */
static void write_why_flat(const struct text *t)
{
	if (!t->report->frequency_hz && table_nr_sections(t->report) > 1 && !section_tree_nests(&t->tree))
		text_lines_paragraph(t, "Which of these sections lie in others is not known: samples of the stack tell, and none were taken (-F 0); "
				     "long calls are seen without them.");
}

void text_sections(const struct text *t)
{
	struct section_tree flat = {0};

	text_lines_heading(t, "SECTIONS");
	if (!table_nr_sections(t->report)) {
		text_lines_paragraph(t, "No section ended in the window, and none was open.");
		return;
	}
	write_table(t, t->flat && section_tree_build(&flat, t->report, true) ? &flat : &t->tree);
	section_tree_free(&flat);
	write_why_flat(t);
	text_waits(t);
}
