// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_json.c - a comparison as one JSON document. Its keys are described in user/docs/diff.md. */
#include <errno.h>
#include <jansson.h>

#include "render/comparison/comparison_writers.h"
#include "render/json/json_stream.h"
#include "render/json/json_value.h"

#define COMPARISON_SCHEMA 1
#define DIGITS 9

struct comparison_document {
	struct json_stream stream;
	const struct comparison *c;
	bool more;	/* a comma is due */
};

static const char *const verdict_words[] = {
	[VERDICT_CANNOT_TELL] = "cannot-tell", [VERDICT_SMALL] = "too-short", [VERDICT_NO_CHANGE] = "no-change",
};

static const char *const obstacle_words[] = {
	[OBSTACLE_NONE] = NULL, [OBSTACLE_VALUES] = "not-measured", [OBSTACLE_SESSIONS] = "too-few-sessions",
	[OBSTACLE_ONE_EACH] = "one-session-each",
};

static const char *verdict_word(const struct metric *metric, enum comparison_verdict verdict)
{
	return verdict == VERDICT_UP || verdict == VERDICT_DOWN ? comparison_word(metric, verdict) : verdict_words[verdict];
}

static void write_comparison_member(struct comparison_document *doc, const char *key, json_t *value)
{
	fprintf(doc->stream.file, "%s \"%s\": ", doc->more ? ",\n" : "", key);
	doc->more = true;
	json_stream_value(&doc->stream, value);
}

static json_t *strings_array(const char *const *strings, size_t nr)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		if (json_array_append_new(array, json_string(strings[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *side_object(const struct comparison_side *side)
{
	const struct dcbs_report *r = side->reports[0];

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "sessions", json_integer((json_int_t)side->nr),
			 "files", strings_array(side->files, side->nr), "host", string_or_null(r->host.name),
			 "command", string_or_null(r->nr_targets ? r->targets[0].command : NULL),
			 "version", string_or_null(r->version));
}

static json_t *effect_object(const struct comparison_effect *e, const struct metric *metric)
{
	char name[32];

	metric_name(metric, name, sizeof(name));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:I, s:o, s:o}", "metric", name,
			 "old", real_or_null(e->old_value), "new", real_or_null(e->new_value), "change", real_or_null(e->change),
			 "low", real_or_null(e->low), "high", real_or_null(e->high), "within_runs", e->is_within_runs,
			 "p", real_or_null(e->p),
			 "permuted_p", real_or_null(e->permuted_p), "adjusted_p", real_or_null(e->adjusted_p),
			 "old_sessions", (json_int_t)e->nr_old, "new_sessions", (json_int_t)e->nr_new,
			 "verdict", string_or_null(verdict_word(metric, e->verdict)),
			 "obstacle", string_or_null(obstacle_words[e->obstacle]));
}

static json_t *metrics_array(const struct comparison *c, const struct comparison_subject *s)
{
	json_t *array = json_array();
	size_t k;

	for (k = 0; k < c->options->nr_metrics; k++)
		if (metric_subject_of(&c->options->metrics[k]) == s->kind &&
		    json_array_append_new(array, effect_object(&s->effects[k], &c->options->metrics[k]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *causes_object(const struct comparison_subject *s)
{
	json_t *o = json_object();
	size_t k;

	if (!s->causes_known) {
		json_decref(o);
		return json_null();
	}
	for (k = 0; k < METRIC_CAUSES; k++)
		if (json_object_set_new(o, metric_causes[k].word, json_pack("{s:f, s:f}", "old_s", s->causes[k].old_s,
									    "new_s", s->causes[k].new_s))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static json_t *functions_array(const struct comparison_subject *s)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < s->nr_functions; i++) {
		const struct comparison_function *f = &s->functions[i];
		json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "function", string_or_null(f->function),
				      "file", string_or_null(f->file),
				      "old_s", real_or_null(f->old_s), "new_s", real_or_null(f->new_s),
				      "change_error_s", real_or_null(f->error_s));

		if (json_array_append_new(array, o)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *shape_object(const struct comparison_shape *shape)
{
	return json_pack("{s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o}}", "larger", real_or_null(shape->larger),
			 "distance", real_or_null(shape->distance), "distance_at_s", real_or_null(shape->distance_at_s), "shifts",
			 "p10", real_or_null(shape->shifts[0]), "p50", real_or_null(shape->shifts[1]),
			 "p90", real_or_null(shape->shifts[2]), "p99", real_or_null(shape->shifts[3]), "p999",
				real_or_null(shape->shifts[4]));
}

static json_t *subject_object(const struct comparison *c, const struct comparison_subject *s)
{
	static const char *const kinds[] = {"section", "process", "cache"};

	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", kinds[s->kind], "name", s->name,
			 "in_old", s->in_old, "in_new", s->in_new, "parent", string_or_null(s->parent),
			 "share", real_or_null(s->share),
			 "metrics", metrics_array(c, s), "because", string_or_null(s->because), "causes", causes_object(s),
			 "functions", functions_array(s),
			 "calls", s->kind == METRIC_OF_SECTION ? shape_object(&s->shape) : json_null());
}

static json_t *limit_object(const struct comparison_limit *l)
{
	static const char *const states[] = {
		[LIMIT_KEPT] = "kept", [LIMIT_EXCEEDED] = "exceeded", [LIMIT_CANNOT_TELL] = "cannot-tell",
	};

	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "limit", l->limit->text, "name", l->subject->name,
			 "state", states[l->state],
			 "adjusted_p", real_or_null(l->adjusted_p), "effect", effect_object(l->effect, &l->limit->metric));
}

static void write_subjects(struct comparison_document *doc)
{
	size_t i;

	fputs(",\n \"compared\": [", doc->stream.file);
	for (i = 0; i < doc->c->nr_subjects && !doc->stream.err; i++) {
		fputs(i ? ",\n  " : "\n  ", doc->stream.file);
		json_stream_value(&doc->stream, subject_object(doc->c, &doc->c->subjects[i]));
	}
	fputs("\n ],\n \"limits\": [", doc->stream.file);
	for (i = 0; i < doc->c->nr_limits && !doc->stream.err; i++) {
		fputs(i ? ",\n  " : "\n  ", doc->stream.file);
		json_stream_value(&doc->stream, limit_object(&doc->c->limits[i]));
	}
	fputs(doc->c->nr_limits ? "\n ]" : "]", doc->stream.file);
}

int comparison_json(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	struct comparison_document doc = {.stream = {.file = file, .digits = DIGITS}, .c = c};

	(void)view;
	fputs("{\n", file);
	write_comparison_member(&doc, "diff_schema", json_integer(COMPARISON_SCHEMA));
	write_comparison_member(&doc, "tool", json_string(JSON_WORDS_TOOL));
	write_comparison_member(&doc, "version", json_string(DCBS_VERSION));
	write_comparison_member(&doc, "old", side_object(&c->old_side));
	write_comparison_member(&doc, "new", side_object(&c->new_side));
	write_comparison_member(&doc, "confidence", json_real(c->options->confidence));
	write_comparison_member(&doc, "min_effect", json_real(c->options->min_effect));
	write_comparison_member(&doc, "min_time", json_real(c->options->min_time));
	write_comparison_member(&doc, "root", string_or_null(c->root));
	write_comparison_member(&doc, "comparisons", json_integer((json_int_t)c->nr_comparisons));
	write_comparison_member(&doc, "warnings", strings_array((const char *const *)c->warnings, c->nr_warnings));
	write_subjects(&doc);
	fputs("\n}\n", file);
	return doc.stream.err;
}
