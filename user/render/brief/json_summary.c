// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * json_summary.c - the essence of a report as a JSON document of at most 4 KiB, for scripts and language models.
 *
 * If it is too large with the longest lists and texts, it is made again with shorter ones.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "render/brief/shorten.h"
#include "render/cause.h"
#include "render/format.h"
#include "render/json/json_value.h"
#include "render/text/part_lines.h"
#include "render/text/text_parts.h"

#define MOST_BYTES 4096
#define SUMMARY_VERSION 1
#define DIGITS 5
#define LATEST 4e11	/* Unix time in the year 14645; a later time is not a date */

/* How much of the report is in the document: the most elements of a list, and bytes of a text. */
struct summary_cut {
	size_t sections, others, text;
};

static const struct summary_cut cuts[] = {
	{15, 5, 240}, {12, 4, 160}, {8, 3, 120}, {5, 2, 80}, {3, 1, 60}, {1, 1, 40}, {0, 0, 16},
};

static json_t *short_text(const char *s, const struct summary_cut *cut)
{
	char *text = s ? shorten(s, cut->text) : NULL;
	json_t *value = string_or_null(text);

	free(text);
	return value;
}

static json_t *causes_text(const struct dcbs_wall *wall)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);
	json_t *value;

	if (!to)
		return NULL;
	cause_in_words(to, wall);
	value = fclose(to) ? NULL : string_or_null(len ? words : NULL);
	free(words);
	return value;
}

/* ---- the lists ---- */

static json_t *section_summary(const void *item, const struct summary_cut *cut)
{
	const struct dcbs_section *s = item;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", short_text(s->name, cut),
			 "parent", short_text(s->parent, cut), "total_s", real_or_null(s->total_s), "error_s", real_or_null(s->error_s),
			 "self_s", real_or_null(s->self_s), "count", integer_or_null(s->count), "mean_s", real_or_null(s->mean_s),
			 "p50_s", real_or_null(s->p50_s), "p99_s", real_or_null(s->p99_s), "why", causes_text(&s->wall));
}

static json_t *bottleneck_summary(const void *item, const struct summary_cut *cut)
{
	const struct dcbs_bottleneck *b = item;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "section", short_text(b->section, cut),
			 "cause", word_or_null(&json_words_causes, (int)b->cause), "total_s", real_or_null(b->total_s),
			 "share", real_or_null(b->share), "evidence", short_text(b->evidence, cut),
			 "suggestion", short_text(b->suggestion, cut));
}

static json_t *cache_summary(const void *item, const struct summary_cut *cut)
{
	const struct dcbs_cache_summary *c = item;

	return json_pack("{s:o, s:o, s:o}", "name", short_text(c->name, cut), "hit_rate", real_or_null(c->hit_rate),
			 "total_accesses", integer_or_null(c->total_accesses));
}

static json_t *note_summary(const void *item, const struct summary_cut *cut)
{
	return short_text(*(char *const *)item, cut);
}

/* Puts the first elements of a list into the document, and how many are left out. Returns false without memory. */
static bool add_list(json_t *doc, const char *key, const void *list, size_t nr, size_t size,
		     json_t *(*element)(const void *item, const struct summary_cut *cut), const struct summary_cut *cut, size_t most)
{
	json_t *array = json_array(), *left_out = json_object_get(doc, "left_out");
	size_t i;

	for (i = 0; i < nr && i < most; i++)
		if (json_array_append_new(array, element((const char *)list + i * size, cut))) {
			json_decref(array);
			return false;
		}
	return !json_object_set_new(doc, key, array) && !json_object_set_new(left_out, key, json_integer((json_int_t)(nr - i)));
}

static bool add_lists(json_t *doc, const struct dcbs_report *r, const struct summary_cut *cut)
{
	return add_list(doc, "bottlenecks", r->bottlenecks, r->nr_bottlenecks, sizeof(*r->bottlenecks), bottleneck_summary, cut, cut->others) &&
	       add_list(doc, "sections", r->sections, r->nr_sections, sizeof(*r->sections), section_summary, cut, cut->sections) &&
	       add_list(doc, "caches", r->caches, r->nr_caches, sizeof(*r->caches), cache_summary, cut, cut->others) &&
	       add_list(doc, "notes", r->notes, r->nr_notes, sizeof(*r->notes), note_summary, cut, cut->others);
}

/* ---- the answer ---- */

/* A line of the answer as a member: "slowest", "why", "to do" and so on. Lines of several processes have no label. */
static bool add_answer_line(json_t *answer, const char *line, const struct summary_cut *cut)
{
	char label[PART_LINES_LABEL + 1];

	if (strlen(line) <= PART_LINES_LABEL || !part_lines_label(line))
		return true;
	snprintf(label, sizeof(label), "%.*s", part_lines_label(line), line);
	return !json_object_set_new(answer, label, short_text(line + PART_LINES_LABEL, cut));
}

static bool add_answer_lines(json_t *answer, char *words, const struct summary_cut *cut)
{
	char *line, *rest = words;

	while ((line = strsep(&rest, "\n")))
		if (!add_answer_line(answer, line, cut))
			return false;
	return true;
}

/* The first lines of the report for people. NULL: no memory. */
static json_t *answer_summary(const struct dcbs_report *r, const struct summary_cut *cut)
{
	struct text t = {.report = r, .width = PART_LINES_WIDTH, .whole_names = true};
	json_t *answer = json_object();
	char *words = NULL;
	size_t len;

	t.file = open_memstream(&words, &len);
	if (t.file && section_tree_build(&t.tree, r, false)) {
		t.verdict = text_answer_verdict(&t);
		text_answer(&t, PART_LINES_LABEL);
	}
	section_tree_free(&t.tree);
	if (!t.file || fclose(t.file) || !add_answer_lines(answer, words, cut)) {
		json_decref(answer);
		answer = NULL;
	}
	free(words);
	return answer;
}

/* ---- the document ---- */

/* NULL: some loss is unknown. */
static json_t *all_losses(const struct dcbs_lost *l)
{
	const int64_t losses[] = {l->sections, l->records, l->samples, l->stacks, l->names, l->processes};
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(losses); i++)
		if (losses[i] == DCBS_UNKNOWN || __builtin_add_overflow(sum, losses[i], &sum))
			return json_null();
	return json_integer(sum);
}

/* Whole seconds: the digits of other numbers are too few for a date. */
static json_t *started_at(const struct dcbs_report *r)
{
	return r->started_at >= 0 && r->started_at < LATEST ? json_integer((json_int_t)r->started_at) : json_null();
}

static json_t *summary_head(const struct dcbs_report *r, const struct summary_cut *cut)
{
	const struct dcbs_target *first = r->nr_targets ? r->targets : NULL;
	const struct dcbs_model_times *generation = &r->model.generation;

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:{s:o, s:o}, s:{s:o, s:o}, s:{}}",
			 "summary", SUMMARY_VERSION, "tool", JSON_WORDS_TOOL, "version", short_text(r->version, cut),
			 "command", short_text(first ? first->command : NULL, cut), "processes", json_integer((json_int_t)r->nr_targets),
			 "started_at", started_at(r), "duration_s", real_or_null(r->duration_s),
			 "ended_by", word_or_null(&json_words_ended_by, (int)r->ended_by),
			 "answer", answer_summary(r, cut),
			 "memory", "rss_start_bytes", integer_or_null(r->rss_start_bytes), "rss_end_bytes", integer_or_null(r->rss_end_bytes),
			 "rss_peak_bytes", integer_or_null(r->rss_peak_bytes),
			 "generation", "tokens", integer_or_null(generation->tokens), "tokens_per_s", real_or_null(generation->tokens_per_s),
			 "profiling", "target_cpu_share", real_or_null(r->overhead.target_cpu_share), "lost", all_losses(&r->lost),
			 "left_out");
}

/* The document as text, to be freed. NULL: no memory. */
static char *summary_text(const struct dcbs_report *r, const struct summary_cut *cut)
{
	json_t *doc = summary_head(r, cut);
	char *text = doc && add_lists(doc, r, cut) ? json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;

	json_decref(doc);
	return text;
}

int summary_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	char *text = NULL;
	size_t i;

	(void)options;
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		free(text);
		text = summary_text(report, &cuts[i]);
		if (!text)
			return -ENOMEM;
		if (strlen(text) < MOST_BYTES)	/* with the end of the line */
			break;
	}
	fprintf(file, "%s\n", text);
	free(text);
	return 0;
}
