// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* verdicts.c - the bottlenecks: one verdict for each chain of sections, on its innermost section that has one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/text/text_parts.h"

#define MOST_VERDICTS 5		/* without --verbose */
#define OWN_SHARE 0.25		/* of a section's time: with less of its own, verdicts on sections inside stand for it ... */
#define INSIDE_SHARE 0.5	/* ... if they have so much of it */
#define INDENT 5

/* Memory is that of a section itself, and nothing that is said of sections inside stands for it. */
static bool is_of_memory(const struct dcbs_bottleneck *b)
{
	return b->cause == DCBS_CAUSE_MEMORY_GROWTH || b->cause == DCBS_CAUSE_MEMORY_CHURN;
}

/* The first verdicts of the report, with the nodes of their sections. */
struct judged {
	const struct dcbs_bottleneck *verdicts;
	size_t nodes[MOST_JUDGED], nr;
};

static void find_nodes(struct judged *j, const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	j->verdicts = r->bottlenecks;
	j->nr = r->nr_bottlenecks < MOST_JUDGED ? r->nr_bottlenecks : MOST_JUDGED;
	for (i = 0; i < j->nr; i++)
		j->nodes[i] = r->bottlenecks[i].cause == DCBS_CAUSE_CACHE ? SECTION_TREE_NONE :
			      section_tree_find(&t->tree, r->bottlenecks[i].section);
}

/* Returns true if verdict `inside` is on a section in the one of verdict `around`, and on its time. */
static bool is_inside(const struct text *t, const struct judged *j, size_t inside, size_t around)
{
	return j->nodes[inside] != SECTION_TREE_NONE && j->nodes[inside] != j->nodes[around] &&
	       !is_of_memory(&j->verdicts[inside]) && section_tree_is_within(&t->tree, j->nodes[inside], j->nodes[around]);
}

/* The time of the verdicts inside. Of those that are inside one another the outermost one counts. */
static double inside_s(const struct text *t, const struct judged *j, size_t around)
{
	double sum_s = 0;
	size_t i, k;

	for (i = 0; i < j->nr; i++) {
		if (!is_inside(t, j, i, around))
			continue;
		for (k = 0; k < j->nr && !(is_inside(t, j, k, around) && is_inside(t, j, i, k)); k++)
			;
		sum_s += k == j->nr ? j->verdicts[i].total_s : 0;
	}
	return sum_s;
}

static bool is_said_inside(const struct text *t, const struct judged *j, size_t at)
{
	const struct dcbs_bottleneck *b = &j->verdicts[at];
	size_t node = j->nodes[at];

	if (node == SECTION_TREE_NONE || is_of_memory(b) || !(t->tree.nodes[node].section->self_s < OWN_SHARE * b->total_s))
		return false;
	return inside_s(t, j, at) >= INSIDE_SHARE * b->total_s;
}

static bool is_same(const struct dcbs_bottleneck *a, const struct dcbs_bottleneck *b)
{
	return (a->cause == DCBS_CAUSE_CACHE) == (b->cause == DCBS_CAUSE_CACHE) && !strcmp(a->section, b->section);
}

/* Returns true if an earlier verdict is on the same section. */
static bool is_second(const struct dcbs_report *r, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (is_same(&r->bottlenecks[i], &r->bottlenecks[at]))
			return true;
	return false;
}

static void write_title(const struct text *t, const struct dcbs_bottleneck *b, size_t node, size_t number)
{
	size_t len;
	const char *cause = cause_word(b->cause);
	char *words = NULL, label[32];
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	if (node == SECTION_TREE_NONE)
		fputs(b->section, to);
	else
		text_chain(t, to, node);
	fprintf(to, ": %s", human_time(b->total_s).text);
	if (!isnan(b->share) && !strcmp(b->section, DCBS_OUTSIDE))
		fprintf(to, ", %s of the window", human_share(b->share).text);
	else if (!isnan(b->share))
		text_share(to, b->share, NAN);
	if (cause)
		fprintf(to, "; cause: %s", cause);
	snprintf(label, sizeof(label), "%3zu.", number);
	if (!fclose(to))
		text_lines_beside(t, label, INDENT, "%s", words);
	free(words);
}

/* The answer has shown the advice of its verdict already. */
static void write_reasons(const struct text *t, const struct dcbs_bottleneck *b)
{
	if (b->evidence)
		text_lines_beside(t, "", INDENT, "%s", b->evidence);
	if (b->suggestion && b != t->verdict)
		text_lines_beside(t, "", INDENT, "What to do: %s.", b->suggestion);
}

static void write_verdict(const struct text *t, const struct dcbs_bottleneck *b, size_t node, size_t number)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_bottleneck *other;

	write_title(t, b, node, number);
	write_reasons(t, b);
	for (other = b + 1; other < r->bottlenecks + r->nr_bottlenecks && other < r->bottlenecks + MOST_JUDGED; other++) {
		if (!is_same(other, b))
			continue;
		if (cause_word(other->cause))
			text_lines_beside(t, "", INDENT, "Also: %s", cause_word(other->cause));
		write_reasons(t, other);
	}
}

void text_verdicts(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i, shown = 0, more;
	struct judged j;

	if (!r->nr_sections && !r->nr_caches)
		return;
	find_nodes(&j, t);
	more = r->nr_bottlenecks - j.nr;
	text_lines_heading(t, "BOTTLENECKS");
	if (!j.nr && isnan(r->threshold_s))
		text_lines_paragraph(t, "This session has no verdicts.");
	else if (!j.nr)
		text_lines_paragraph(t, "Nothing took %s or more.", human_time(r->threshold_s).text);
	for (i = 0; i < j.nr; i++) {
		if (is_second(r, i) || is_said_inside(t, &j, i))
			continue;
		if (shown < MOST_VERDICTS || t->verbose)
			write_verdict(t, &j.verdicts[i], j.nodes[i], ++shown);
		else
			more++;
	}
	if (more)
		text_lines_paragraph(t, "(%zu more took %s or more: --verbose shows them)", more, human_time(r->threshold_s).text);
}
