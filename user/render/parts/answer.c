// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* answer.c - the first lines of the report: what is slowest, why, and what to do about it; memory, caches, cost and loss. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "bpfprof/marker_abi.h"
#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"
#include "render/unknown.h"

#define MOST_AROUND 6	/* sections of a chain that are named; outer ones are left out */
#define MOST_CACHES 3
#define WORTH_BYTES (1 << 20)	/* of growth: less is not worth the name of a section */

/* ---- the slowest chain ---- */

void text_chain(const struct text *t, FILE *to, size_t node)
{
	size_t chain[MOST_AROUND], nr = 0;

	for (; node != SECTION_TREE_NONE && nr < MOST_AROUND; node = t->tree.nodes[node].parent)
		chain[nr++] = node;
	if (node != SECTION_TREE_NONE)
		fputs("... > ", to);
	while (nr--)
		fprintf(to, "%s%s", t->tree.nodes[chain[nr]].section->name, nr ? " > " : "");
}

#define SEVERAL 1.5

void text_share(FILE *to, double share, double error)
{
	if (share > SEVERAL)
		fprintf(to, ", %s at a time on average", human_number(share).text);
	else
		fprintf(to, ", %s of the window", human_share_within(share, error).text);
}

static void add_time(const struct text *t, FILE *words, const struct dcbs_section *s)
{
	const struct dcbs_report *r = t->report;

	fprintf(words, ": %s", human_time_within(s->total_s, s->error_s).text);
	if (s->error_s > 0)
		fprintf(words, " ± %s", human_time_within(s->error_s, s->error_s).text);
	if (r->duration_s > 0)
		text_share(words, s->total_s / r->duration_s, s->error_s / r->duration_s);
	if (s->count > 0)
		fprintf(words, "; %s %s", human_exact(s->count).text, s->count == 1 ? "call" : "calls");
	if (s->count > 0 && !isnan(s->mean_s))
		fprintf(words, ", mean %s, p99 %s", human_time(s->mean_s).text, human_time(s->p99_s).text);
}

static bool is_of_model(const struct dcbs_section *s)
{
	return s->kind == DCBS_NAME_FORWARD || s->kind == DCBS_NAME_GENERATION;
}

/* Returns true if the chain, or what is inside its innermost section, is of the model. */
static bool concerns_model(const struct text *t, size_t node)
{
	size_t i;

	for (i = node; i < t->tree.nodes[node].end; i++)
		if (is_of_model(t->tree.nodes[i].section))
			return true;
	for (i = t->tree.nodes[node].parent; i != SECTION_TREE_NONE; i = t->tree.nodes[i].parent)
		if (is_of_model(t->tree.nodes[i].section))
			return true;
	return false;
}

/* Tokens a second or, if there are none, the items of the innermost section of the chain that has some. */
static void add_rate(const struct text *t, FILE *words, size_t node)
{
	const struct dcbs_model_times *generation = &t->report->model.generation;

	if (generation->tokens > 0 && !isnan(generation->tokens_per_s) && concerns_model(t, node)) {
		fprintf(words, "; %s tokens/s", human_number(generation->tokens_per_s).text);
		return;
	}
	for (; node != SECTION_TREE_NONE; node = t->tree.nodes[node].parent) {
		const struct dcbs_section *s = t->tree.nodes[node].section;

		if (s->items > 0 && !isnan(s->items_per_s)) {
			fprintf(words, "; %s items/s", human_number(s->items_per_s).text);
			return;
		}
	}
}

static void write_slowest(const struct text *t, int label_width, size_t node)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	text_chain(t, to, node);
	add_time(t, to, t->tree.nodes[node].section);
	add_rate(t, to, node);
	if (!fclose(to))
		text_lines_beside(t, "slowest", label_width, "%s", words);
	free(words);
}

/* ---- why ---- */

/* A cache may have the name of a section. */
static bool is_of_section(const struct dcbs_bottleneck *b)
{
	return b->cause != DCBS_CAUSE_CACHE;
}

/* The first verdict on the section; NULL as name: on any. */
static const struct dcbs_bottleneck *verdict_on(const struct dcbs_report *r, const char *section)
{
	size_t i;

	for (i = 0; i < r->nr_bottlenecks && i < MOST_JUDGED; i++)
		if (is_of_section(&r->bottlenecks[i]) && (!section || !strcmp(r->bottlenecks[i].section, section)))
			return &r->bottlenecks[i];
	return NULL;
}

/* The innermost section of the slowest chain. If it is not known what contains what, the one with the first verdict. */
static size_t slowest_node(const struct text *t)
{
	const struct dcbs_bottleneck *first = section_tree_nests(&t->tree) ? NULL : verdict_on(t->report, NULL);
	size_t judged = first ? section_tree_find(&t->tree, first->section) : SECTION_TREE_NONE;

	if (judged != SECTION_TREE_NONE && !section_tree_is_outside(t->tree.nodes[judged].section))
		return judged;
	return section_tree_slowest(&t->tree);
}

/* The part of the time outside of all sections that a chain takes: functions that are known from samples lie in that time. */
static double chain_outside_s(const struct section_tree *tree, size_t node)
{
	while (tree->nodes[node].parent != SECTION_TREE_NONE)
		node = tree->nodes[node].parent;
	return isnan(tree->nodes[node].section->error_s) ? 0 : tree->nodes[node].section->total_s;
}

/* The verdict on the time outside of all sections, if that is more than the slowest chain (`node`). Waits for others are not in it. */
static const struct dcbs_bottleneck *outside_verdict(const struct text *t, size_t node)
{
	const struct dcbs_bottleneck *outside = verdict_on(t->report, DCBS_OUTSIDE);

	if (!outside || node == SECTION_TREE_NONE ||
	    outside->total_s - chain_outside_s(&t->tree, node) > t->tree.nodes[node].section->total_s)
		return outside;
	return NULL;
}

/* That of the innermost section of the slowest chain that has one. Without sections, that of the whole process. */
const struct dcbs_bottleneck *text_answer_verdict(const struct text *t)
{
	size_t node = slowest_node(t), i;
	const struct dcbs_bottleneck *verdict = outside_verdict(t, node);

	for (i = 0; node != SECTION_TREE_NONE && i < MOST_AROUND && !verdict; i++, node = t->tree.nodes[node].parent)
		verdict = verdict_on(t->report, t->tree.nodes[node].section->name);
	return verdict;
}

/* The evidence of a verdict begins with its main number. */
static void write_verdict(const struct text *t, int label_width, const struct dcbs_bottleneck *b)
{
	const char *evidence = b->evidence ? b->evidence : cause_word(b->cause);

	if (evidence && b->cause != DCBS_CAUSE_UNKNOWN)
		text_lines_beside(t, "why", label_width, "%.*s", (int)strcspn(evidence, ";"), evidence);
	if (b->suggestion)
		text_lines_beside(t, "to do", label_width, "%s", b->suggestion);
}

/* "computing 62.0%, GIL 30.1%", behind some words. */
static void write_causes(const struct text *t, const char *label, int label_width, const char *before,
			 const struct dcbs_wall *wall)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	cause_in_words(to, wall);
	if (!fclose(to) && len)
		text_lines_beside(t, label, label_width, "%s%s", before, words);
	free(words);
}

/* A process without sections is known by its threads; the one with the most CPU time comes first. */
static void write_busiest(const struct text *t, int label_width)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_thread *busiest = r->threads;
	char before[128];

	while (busiest < r->threads + r->nr_threads && (busiest->idle || !busiest->tid))
		busiest++;
	if (busiest == r->threads + r->nr_threads)
		return;
	snprintf(before, sizeof(before), "thread %s %d, ran %s: ", busiest->name, (int)busiest->tid,
		 human_time(busiest->wall.cpu_s).text);
	write_causes(t, "busiest", label_width, before, &busiest->wall);
}

/* ---- memory, caches, cost ---- */

static const struct dcbs_section *most_grown(const struct dcbs_report *r)
{
	const struct dcbs_section *s, *most = NULL;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (unknown_to_nan(s->self_memory.rss_delta_bytes) >= WORTH_BYTES &&
		    (!most || s->self_memory.rss_delta_bytes > most->self_memory.rss_delta_bytes))
			most = s;
	return most;
}

static void write_memory(const struct text *t, int label_width)
{
	const struct dcbs_report *r = t->report;
	double start = unknown_to_nan(r->rss_start_bytes), end = unknown_to_nan(r->rss_end_bytes);
	const struct dcbs_section *most = most_grown(r);
	char grown[256] = "";

	if (isnan(start) && isnan(end) && r->rss_peak_bytes == DCBS_UNKNOWN)
		return;
	if (most)
		snprintf(grown, sizeof(grown), "; most growth in %s: %s", most->name,
			 human_growth((double)most->self_memory.rss_delta_bytes).text);
	text_lines_beside(t, "memory", label_width, "%s (%s at the start, %s at the end), peak %s%s", human_growth(end - start).text,
			  human_size(start).text, human_size(end).text, human_size(unknown_to_nan(r->rss_peak_bytes)).text, grown);
}

static double misses_s(const struct dcbs_cache_summary *c)
{
	return c->total_accesses > 0 && c->misses > 0 ? c->mean_s * (double)c->misses : 0;
}

static int compare_caches(const void *a, const void *b)
{
	const struct dcbs_cache_summary *x = *(const struct dcbs_cache_summary *const *)a;
	const struct dcbs_cache_summary *y = *(const struct dcbs_cache_summary *const *)b;

	return (misses_s(x) < misses_s(y)) - (misses_s(x) > misses_s(y)) ?: (x > y) - (x < y);
}

static void add_caches(FILE *words, const struct dcbs_cache_summary *const *caches, size_t nr)
{
	size_t i;

	for (i = 0; i < nr && i < MOST_CACHES; i++)
		fprintf(words, "%s%s %s hits", i ? ", " : "", caches[i]->name, human_share(caches[i]->hit_rate).text);
	if (nr > MOST_CACHES)
		fprintf(words, ", and %zu more", nr - MOST_CACHES);
}

/* Those whose misses took most come first. */
static void write_caches(const struct text *t, int label_width)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_cache_summary **caches = calloc(r->nr_caches + 1, sizeof(*caches));
	char *words = NULL;
	size_t i, len;
	FILE *to = caches && r->nr_caches ? open_memstream(&words, &len) : NULL;

	for (i = 0; i < r->nr_caches && to; i++)
		caches[i] = &r->caches[i];
	if (to) {
		qsort(caches, r->nr_caches, sizeof(*caches), compare_caches);
		add_caches(to, caches, r->nr_caches);
		if (!fclose(to))
			text_lines_beside(t, "caches", label_width, "%s", words);
	}
	free(words);
	free(caches);
}

static bool add_loss(FILE *words, int64_t n, const char *of, bool first)
{
	if (n > 0)
		fprintf(words, "%s%s %s", first ? "; lost: " : ", ", human_exact(n).text, of);
	return first && n <= 0;
}

/* A saved session may lack some. */
static bool losses_known(const struct dcbs_lost *l)
{
	return l->sections != DCBS_UNKNOWN && l->processes != DCBS_UNKNOWN && l->records != DCBS_UNKNOWN &&
	       l->samples != DCBS_UNKNOWN && l->stacks != DCBS_UNKNOWN && l->names != DCBS_UNKNOWN;
}

/* Notes may be about losses that have no number. */
static void add_losses(FILE *words, const struct dcbs_report *r)
{
	const struct dcbs_lost *l = &r->lost;
	bool none = add_loss(words, l->sections, "calls", true);

	none = add_loss(words, l->processes, "processes", none);
	none = add_loss(words, l->records, "records of calls", none);
	none = add_loss(words, l->samples, "samples", none);
	none = add_loss(words, l->stacks, "stacks", none);
	none = add_loss(words, l->names, "names", none);
	if (!none)
		fputs(": see the end", words);
	else if (!losses_known(l))
		fputs("; losses are unknown", words);
	else
		fputs(r->nr_notes ? "; no loss was counted, but see the notes at the end" : "; nothing was lost", words);
}

static void write_cost(const struct text *t, int label_width)
{
	const struct dcbs_overhead *o = &t->report->overhead;
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	if (isnan(o->target_cpu_share))
		fputs("of profiling: unknown", to);
	else
		fprintf(to, "of profiling: %s of one CPU", human_share(o->target_cpu_share).text);
	if (o->nr_reduced)
		fputs(", reduced to stay within the limit", to);
	add_losses(to, t->report);
	if (!fclose(to))
		text_lines_beside(t, "cost", label_width, "%s", words);
	free(words);
}

void text_answer(const struct text *t, int label_width)
{
	size_t node = slowest_node(t);

	fputc('\n', t->file);
	if (node == SECTION_TREE_NONE)
		write_busiest(t, label_width);
	else if (outside_verdict(t, node))
		text_lines_beside(t, "slowest", label_width, "outside of all sections: %s, %s of the window",
				  human_time(t->verdict->total_s).text, human_share(t->verdict->share).text);
	else
		write_slowest(t, label_width, node);
	if (t->verdict)
		write_verdict(t, label_width, t->verdict);
	else if (node != SECTION_TREE_NONE)
		write_causes(t, "why", label_width, "", &t->tree.nodes[node].section->wall);
	write_memory(t, label_width);
	write_caches(t, label_width);
	write_cost(t, label_width);
}
