// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * json.c - the session as one JSON document, for scripts and for the command `report`.
 *
 * The document has one section a line and is written as it is built, see json_stream.h.
 *
 * Numbers have 15 digits: that is whole nanoseconds up to 11 days, 0.1 is written as 0.1, and reading a document and writing it
 * again gives the same bytes.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "render/format.h"
#include "render/json/gzip.h"
#include "render/json/json_functions.h"
#include "render/json/json_host.h"
#include "render/json/json_ledger.h"
#include "render/loops/json_awaiting.h"
#include "render/loops/json_loops.h"
#include "render/json/json_sections.h"
#include "render/json/json_stream.h"
#include "render/json/json_value.h"
#include "render/json/json_words.h"
#include "render/sessions/json_sessions.h"
#include "render/slices/json_slices.h"

#define DIGITS 15

struct json_document {
	struct json_stream stream;
	bool more;	/* a comma is due */
};

/* ---- values ---- */

static json_t *mib_or_null(double bytes)
{
	return real_or_null(bytes / JSON_WORDS_MIB);
}

/* ---- parts ---- */

static json_t *target_object(const struct dcbs_target *t)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "pid", integer_or_null(t->pid), "comm", string_or_null(t->comm),
			 "command", string_or_null(t->command), "started_at", real_or_null(t->started_at), "markers", t->markers,
			 "exit_status", integer_or_null(t->exit_status), "signal", integer_or_null(t->signal),
			 "rank", integer_or_null(t->rank));
}

/* A target of a session that has several. */
static json_t *process_object(const struct dcbs_target *t)
{
	json_t *more;

	more = json_pack("{s:o, s:o, s:o, s:o}", "parent", t->parent ? integer_or_null(t->parent) : json_null(),
			 "ended_at", real_or_null(t->ended_at), "sections", integer_or_null(t->sections),
			 "sections_s", real_or_null(t->sections_s));
	return join_objects(target_object(t), more);
}

static json_t *window_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o, s:o}", "started_at", real_or_null(r->started_at), "duration_s", real_or_null(r->duration_s),
			 "ended_by", word_or_null(&json_words_ended_by, r->ended_by));
}

static json_t *memory_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "rss_start_bytes", integer_or_null(r->rss_start_bytes),
			 "rss_end_bytes", integer_or_null(r->rss_end_bytes),
			 "rss_peak_bytes", integer_or_null(r->rss_peak_bytes),
			 "sections_bytes", integer_or_null(r->sections_bytes),
			 "outside_bytes", integer_or_null(r->outside_bytes),
			 "unexplained_bytes", integer_or_null(r->unexplained_bytes),
			 "others_bytes", integer_or_null(r->others_bytes), "page_touch_s", real_or_null(r->page_touch_s),
			 "estimated", r->memory_estimated, "exit_bytes", integer_or_null(r->exit_bytes),
			 "late_part", real_or_null(r->late_part));
}

static json_t *wall_check_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o}", "ledger_cpu_s", real_or_null(r->ledger_cpu_s),
			 "kernel_cpu_s", real_or_null(r->kernel_cpu_s));
}

static json_t *bottleneck_object(const struct dcbs_bottleneck *b)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "section", string_or_null(b->section),
			 "total_s", real_or_null(b->total_s), "share", real_or_null(b->share),
			 "cause", word_or_null(&json_words_causes, b->cause), "evidence", string_or_null(b->evidence),
			 "suggestion", string_or_null(b->suggestion));
}

static json_t *times_object(const struct dcbs_model_times *m, bool tokens)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", integer_or_null(m->count),
			      "mean_time", real_or_null(m->mean_s), "min_time", real_or_null(m->min_s),
			      "max_time", real_or_null(m->max_s), "total_time", real_or_null(m->total_s));

	if (o && tokens && (json_object_set_new(o, "tokens", integer_or_null(m->tokens)) ||
			    json_object_set_new(o, "tokens_per_s", real_or_null(m->tokens_per_s)))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Adds the group o, or releases it if there are no data for it: groups without data are left out. */
static int add_group(json_t *to, bool data, const char *key, json_t *o)
{
	if (data)
		return json_object_set_new(to, key, o);
	json_decref(o);
	return 0;
}

static json_t *model_object(const struct dcbs_model_summary *m)
{
	json_t *o = json_object(), *memory;
	int err;

	memory = json_pack("{s:o, s:o, s:o}", "peak_memory_mb", mib_or_null(m->peak_memory_bytes),
			   "mean_memory_mb", mib_or_null(m->mean_memory_bytes),
			   "min_memory_mb", mib_or_null(m->min_memory_bytes));
	err = add_group(o, m->forward_pass.count > 0, "forward_pass", times_object(&m->forward_pass, false));
	err |= add_group(o, m->generation.count > 0, "generation", times_object(&m->generation, true));
	err |= add_group(o, isfinite(m->peak_memory_bytes), "memory", memory);
	if (!err)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *cache_object(const struct dcbs_cache_summary *c)
{
	json_t *o, *timing, *size;
	int err;

	o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", string_or_null(c->name), "hit_rate", real_or_null(c->hit_rate),
		      "total_accesses", integer_or_null(c->total_accesses), "hits", integer_or_null(c->hits),
		      "misses", integer_or_null(c->misses));
	timing = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "mean_access_time", real_or_null(c->mean_s),
			   "min_access_time", real_or_null(c->min_s), "max_access_time", real_or_null(c->max_s),
			   "p50_access_time", real_or_null(c->p50_s), "p90_access_time", real_or_null(c->p90_s),
			   "p95_access_time", real_or_null(c->p95_s), "p99_access_time", real_or_null(c->p99_s));
	size = json_pack("{s:o, s:o, s:o}", "current_size_mb", mib_or_null(c->current_size_bytes),
			 "max_size_mb", mib_or_null(c->max_size_bytes), "mean_size_mb", mib_or_null(c->mean_size_bytes));
	err = add_group(o, c->total_accesses > 0, "timing", timing);
	err |= add_group(o, isfinite(c->current_size_bytes), "size", size);
	if (!err)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *overhead_object(const struct dcbs_overhead *o)
{
	json_t *reduced = json_array();
	size_t i;

	for (i = 0; i < o->nr_reduced; i++)
		json_array_append_new(reduced, json_string(o->reduced[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "target_cpu_share", real_or_null(o->target_cpu_share), "flushes", integer_or_null(o->flushes),
			 "samples", integer_or_null(o->samples), "switches", integer_or_null(o->switches),
			 "faults", integer_or_null(o->faults), "ns_per_flush", real_or_null(o->ns_per_flush),
			 "ns_per_section", real_or_null(o->ns_per_section),
			 "profiler_rss_bytes", integer_or_null(o->profiler_rss_bytes),
			 "maps_bytes", integer_or_null(o->maps_bytes), "thread_bytes", integer_or_null(o->thread_bytes),
			 "answers", integer_or_null(o->answers), "answers_s", real_or_null(o->answers_s), "reduced", reduced);
}

static json_t *lost_object(const struct dcbs_lost *l)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "sections", integer_or_null(l->sections),
			 "records", integer_or_null(l->records), "samples", integer_or_null(l->samples),
			 "stacks", integer_or_null(l->stacks), "names", integer_or_null(l->names),
			 "processes", integer_or_null(l->processes));
}

/* ---- document ---- */

static void write_key(struct json_document *doc, const char *key)
{
	fprintf(doc->stream.file, "%s \"%s\": ", doc->more ? ",\n" : "", key);
	doc->more = true;
}

static void write_member(struct json_document *doc, const char *key, json_t *value)
{
	write_key(doc, key);
	json_stream_value(&doc->stream, value);
}

/* An array, one element a line; object() makes the value of an element. */
#define write_array(doc, key, array, nr, object)					\
	do {										\
		struct json_stream *stream_ = &(doc)->stream;				\
		size_t i_;								\
											\
		write_key(doc, key);							\
		fputc('[', stream_->file);						\
		for (i_ = 0; i_ < (nr) && !stream_->err; i_++) {			\
			fputs(i_ ? ",\n  " : "\n  ", stream_->file);			\
			json_stream_value(stream_, object(&(array)[i_]));		\
		}									\
		fputs((nr) ? "\n ]" : "]", stream_->file);				\
	} while (0)

static json_t *note_string(char *const *note)
{
	return string_or_null(*note);
}

static void write_session_head(struct json_document *doc, const struct dcbs_report *r)
{
	write_member(doc, "schema", integer_or_null(r->schema));
	write_member(doc, "tool", string_or_null(JSON_WORDS_TOOL));
	write_member(doc, "version", string_or_null(r->version));
	if (r->nr_targets == 1)
		write_member(doc, "target", target_object(r->targets));
	else
		write_array(doc, "targets", r->targets, r->nr_targets, process_object);
	if (r->more_targets > 0)
		write_member(doc, "more_targets", integer_or_null(r->more_targets));
	if (r->nr_sessions)
		write_array(doc, "sessions", r->sessions, r->nr_sessions, json_sessions_session);
	write_member(doc, "host", json_host_object(r));
	write_member(doc, "window", window_object(r));
}

static void write_function_array(struct json_document *doc, const struct dcbs_report *r, enum order_key order)
{
	const struct dcbs_function **functions = order_functions(r, order);

	if (!functions)
		doc->stream.err = -ENOMEM;
	else
		write_array(doc, "functions", functions, r->nr_functions, json_functions_function);
	free(functions);
}

int json_write(FILE *file, const struct dcbs_report *r, const struct render_options *options)
{
	struct json_document doc = {.stream = {.file = file, .digits = DIGITS}};

	fputs("{\n", file);
	write_session_head(&doc, r);
	write_array(&doc, "sections", r->sections, r->nr_sections, json_sections_section);
	write_member(&doc, "slices", json_slices_window(&r->slices));
	write_member(&doc, "memory", memory_object(r));
	write_array(&doc, "bottlenecks", r->bottlenecks, r->nr_bottlenecks, bottleneck_object);
	write_function_array(&doc, r, options->order);
	write_array(&doc, "operators", r->operators, r->nr_operators, json_functions_operator);
	write_member(&doc, "model", model_object(&r->model));
	write_array(&doc, "caches", r->caches, r->nr_caches, cache_object);
	write_member(&doc, "overhead", overhead_object(&r->overhead));
	write_member(&doc, "lost", lost_object(&r->lost));
	write_member(&doc, "threshold_s", real_or_null(r->threshold_s));
	write_array(&doc, "threads", r->threads, r->nr_threads, json_ledger_thread);
	write_array(&doc, "outside", r->outside, r->nr_outside, json_ledger_outside);
	write_member(&doc, "wall_check", wall_check_object(r));
	write_array(&doc, "neighbours", r->neighbours, r->nr_neighbours, json_ledger_neighbour);
	write_array(&doc, "event_loops", r->event_loops, r->nr_event_loops, json_loops_loop);
	if (r->more_event_loops > 0)
		write_member(&doc, "more_event_loops", integer_or_null(r->more_event_loops));
	write_member(&doc, "awaiting", json_awaiting_object(r));
	write_array(&doc, "notes", r->notes, r->nr_notes, note_string);
	write_array(&doc, "gpu_libraries", r->gpu_libraries, r->nr_gpu_libraries, note_string);
	write_member(&doc, "gpu", json_ledger_gpu_whole(r));
	write_member(&doc, "frequency_hz", integer_or_null(r->frequency_hz));
	write_array(&doc, "frames", r->frames, r->nr_frames, json_functions_frame);
	write_array(&doc, "stacks", r->stacks, r->nr_stacks, json_functions_stack);
	fputs("\n}\n", file);
	return doc.stream.err;
}

int json_gz_write(FILE *file, const struct dcbs_report *r, const struct render_options *options)
{
	FILE *to = gzip_open(file);
	int err;

	if (!to)
		return -ENOMEM;
	err = json_write(to, r, options);
	return fclose(to) && !err ? (errno ? -errno : -EIO) : err;
}
