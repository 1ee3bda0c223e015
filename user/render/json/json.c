// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * json.c - the session as one JSON document, for scripts and for `report`.
 *
 * One section a line, written as it is built: the tree of a whole session with all its histograms
 * would take more memory than the rest of the profiler.
 *
 * 15 digits: that is whole nanoseconds up to 11 days, 0.1 is written as 0.1, and reading a document
 * and writing it again gives the same bytes.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "bpfprof/hist.h"
#include "bpfprof/target.h"
#include "render/json/json.h"
#include "render/json/json_functions.h"
#include "render/json/json_hist.h"
#include "render/json/json_ledger.h"
#include "render/json/json_value.h"
#include "render/order.h"
#include "render/render.h"

#define FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

const char *const json_ended_by[] = {
	[DCBS_ENDED_DURATION] = "duration", [DCBS_ENDED_SIGNAL] = "signal", [DCBS_ENDED_TARGET_EXIT] = "target-exit",
	[DCBS_ENDED_COST] = "cost",
};
const char *const json_causes[] = {
	[DCBS_CAUSE_UNKNOWN] = "unknown", [DCBS_CAUSE_CPU] = "cpu", [DCBS_CAUSE_RUNQUEUE] = "runqueue",
	[DCBS_CAUSE_GIL] = "gil", [DCBS_CAUSE_LOCK] = "lock", [DCBS_CAUSE_DISK] = "disk",
	[DCBS_CAUSE_NETWORK] = "network", [DCBS_CAUSE_FAULT] = "fault", [DCBS_CAUSE_SLEEP] = "sleep",
	[DCBS_CAUSE_GPU] = "gpu", [DCBS_CAUSE_OTHER] = "other", [DCBS_CAUSE_MEMORY_GROWTH] = "memory-growth",
	[DCBS_CAUSE_MEMORY_CHURN] = "memory-churn", [DCBS_CAUSE_CACHE] = "cache",
};
const char *const json_kinds[] = {
	[DCBS_NAME_SECTION] = "section", [DCBS_NAME_FORWARD] = "forward_pass", [DCBS_NAME_GENERATION] = "generation",
};
const int json_nr_ended_by = sizeof(json_ended_by) / sizeof(*json_ended_by);
const int json_nr_causes = sizeof(json_causes) / sizeof(*json_causes);
const int json_nr_kinds = sizeof(json_kinds) / sizeof(*json_kinds);

struct out {
	FILE *file;
	int err;
	bool more;	/* a comma is due */
};

/* ---- values ---- */

static json_t *string(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *word(const char *const *words, int nr, int value)
{
	return string(value >= 0 && value < nr ? words[value] : NULL);
}

static json_t *mib(double bytes)
{
	return real(bytes / JSON_MIB);
}

/* ---- parts ---- */

static json_t *target_object(const struct dcbs_target *t)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "pid", integer(t->pid), "comm", string(t->comm),
			 "command", string(t->command), "started_at", real(t->started_at), "markers", t->markers);
}

/* One of several. */
static json_t *process_object(const struct dcbs_target *t)
{
	json_t *o = target_object(t), *rest;

	rest = json_pack("{s:o, s:o, s:o, s:o}", "parent", t->parent ? integer(t->parent) : json_null(), "ended_at", real(t->ended_at),
			 "sections", integer(t->sections), "sections_s", real(t->sections_s));
	if (!o || !rest || json_object_update(o, rest)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(rest);
	return o;
}

static json_t *process_time(const struct dcbs_process_time *p)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "pid", integer(p->pid), "count", integer(p->count), "mean_s", real(p->mean_s),
			 "total_s", real(p->total_s));
}

static json_t *skew_object(const struct dcbs_skew *s)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "count", integer(s->processes), "skew", real(s->ratio),
			 "slowest", process_time(&s->slowest), "fastest", process_time(&s->fastest));
}

static json_t *window_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o, s:o}", "started_at", real(r->started_at), "duration_s", real(r->duration_s),
			 "ended_by", word(json_ended_by, json_nr_ended_by, r->ended_by));
}

/* The second half of a section: what has come to it over time, so that the first keeps its place. */
static json_t *section_rest(const struct dcbs_section *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "open", integer(s->open), "errors", integer(s->errors),
			 "items", integer(s->items), "items_per_s", real(s->items_per_s), "error_s", real(s->error_s),
			 "histogram", json_hist_object(&s->histogram, HIST_SCALE),
			 "wall", json_ledger_wall(&s->wall), "memory", json_ledger_memory(&s->memory),
			 "kind", word(json_kinds, json_nr_kinds, s->kind),
			 "open_at_start", integer(s->open_at_start),
			 "wall_parts", json_ledger_parts(&s->wall), "self_wall", json_ledger_wall(&s->self_wall),
			 "self_wall_parts", json_ledger_parts(&s->self_wall),
			 "self_memory", json_ledger_memory(&s->self_memory),
			 "growth", json_ledger_spread(&s->growth, &json_growth_keys),
			 "faults", json_ledger_spread(&s->faults, &json_faults_keys),
			 "profiling_s", real(s->profiling_s), "profiling_per_call_s", real(s->profiling_per_call_s));
}

static json_t *section_object(const struct dcbs_section *s)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			      "name", string(s->name), "count", integer(s->count), "total_s", real(s->total_s),
			      "self_s", real(s->self_s), "mean_s", real(s->mean_s), "min_s", real(s->min_s),
			      "max_s", real(s->max_s), "p50_s", real(s->p50_s), "p90_s", real(s->p90_s),
			      "p95_s", real(s->p95_s), "p99_s", real(s->p99_s), "p999_s", real(s->p999_s));
	json_t *rest = section_rest(s);

	if (!o || !rest || json_object_update(o, rest) ||
	    (s->skew.processes > 1 && json_object_set_new(o, "processes", skew_object(&s->skew)))) {
		json_decref(o);
		o = NULL;
	}
	json_decref(rest);
	return o;
}

static json_t *memory_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "rss_start_bytes", integer(r->rss_start_bytes),
			 "rss_end_bytes", integer(r->rss_end_bytes),
			 "rss_peak_bytes", integer(r->rss_peak_bytes),
			 "sections_bytes", integer(r->sections_bytes),
			 "outside_bytes", integer(r->outside_bytes),
			 "unexplained_bytes", integer(r->unexplained_bytes),
			 "others_bytes", integer(r->others_bytes), "page_touch_s", real(r->page_touch_s),
			 "estimated", r->memory_estimated);
}

static json_t *wall_check_object(const struct dcbs_report *r)
{
	return json_pack("{s:o, s:o}", "ledger_cpu_s", real(r->ledger_cpu_s),
			 "kernel_cpu_s", real(r->kernel_cpu_s));
}

static json_t *bottleneck_object(const struct dcbs_bottleneck *b)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "section", string(b->section), "total_s", real(b->total_s),
			 "share", real(b->share), "cause", word(json_causes, json_nr_causes, b->cause),
			 "evidence", string(b->evidence), "suggestion", string(b->suggestion));
}

static json_t *times_object(const struct dcbs_model_times *m, bool tokens)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", integer(m->count), "mean_time", real(m->mean_s),
			      "min_time", real(m->min_s), "max_time", real(m->max_s), "total_time", real(m->total_s));

	if (o && tokens && (json_object_set_new(o, "tokens", integer(m->tokens)) ||
			    json_object_set_new(o, "tokens_per_s", real(m->tokens_per_s)))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Takes o if it is a group; a group without data is left out. */
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

	memory = json_pack("{s:o, s:o, s:o}", "peak_memory_mb", mib(m->peak_memory_bytes),
			   "mean_memory_mb", mib(m->mean_memory_bytes), "min_memory_mb", mib(m->min_memory_bytes));
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

	o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", string(c->name), "hit_rate", real(c->hit_rate),
		      "total_accesses", integer(c->total_accesses), "hits", integer(c->hits),
		      "misses", integer(c->misses));
	timing = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "mean_access_time", real(c->mean_s),
			   "min_access_time", real(c->min_s), "max_access_time", real(c->max_s),
			   "p50_access_time", real(c->p50_s), "p90_access_time", real(c->p90_s),
			   "p95_access_time", real(c->p95_s), "p99_access_time", real(c->p99_s));
	size = json_pack("{s:o, s:o, s:o}", "current_size_mb", mib(c->current_size_bytes),
			 "max_size_mb", mib(c->max_size_bytes), "mean_size_mb", mib(c->mean_size_bytes));
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
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "target_cpu_share", real(o->target_cpu_share),
			 "flushes", integer(o->flushes), "samples", integer(o->samples),
			 "switches", integer(o->switches), "faults", integer(o->faults),
			 "ns_per_flush", real(o->ns_per_flush), "ns_per_section", real(o->ns_per_section),
			 "profiler_rss_bytes", integer(o->profiler_rss_bytes), "maps_bytes", integer(o->maps_bytes),
			 "thread_bytes", integer(o->thread_bytes), "reduced", reduced);
}

static json_t *lost_object(const struct dcbs_lost *l)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "sections", integer(l->sections),
			 "records", integer(l->records), "samples", integer(l->samples),
			 "stacks", integer(l->stacks), "names", integer(l->names), "processes", integer(l->processes));
}

/* ---- document ---- */

/* Writes a value and lets go of it; NULL stands for a value that could not be built. */
static void put_value(struct out *out, json_t *value)
{
	if (!value)
		out->err = -ENOMEM;
	else if (!out->err && json_dumpf(value, out->file, FLAGS))
		out->err = errno ? -errno : -EIO;
	json_decref(value);
}

static void put_key(struct out *out, const char *key)
{
	fprintf(out->file, "%s \"%s\": ", out->more ? ",\n" : "", key);
	out->more = true;
}

static void put(struct out *out, const char *key, json_t *value)
{
	put_key(out, key);
	put_value(out, value);
}

/* An array, one element a line. */
#define put_array(out, key, array, nr, object)						\
	do {										\
		size_t i_;								\
											\
		put_key(out, key);							\
		fputc('[', (out)->file);						\
		for (i_ = 0; i_ < (nr) && !(out)->err; i_++) {				\
			fputs(i_ ? ",\n  " : "\n  ", (out)->file);			\
			put_value(out, object(&(array)[i_]));				\
		}									\
		fputs((nr) ? "\n ]" : "]", (out)->file);				\
	} while (0)

static json_t *note_string(char *const *note)
{
	return string(*note);
}

static void put_head(struct out *out, const struct dcbs_report *r)
{
	put(out, "schema", integer(r->schema));
	put(out, "tool", string(JSON_TOOL));
	put(out, "version", string(r->version));
	if (r->nr_targets == 1)
		put(out, "target", target_object(r->targets));
	else
		put_array(out, "targets", r->targets, r->nr_targets, process_object);
	if (r->more_targets > 0)
		put(out, "more_targets", integer(r->more_targets));
	put(out, "window", window_object(r));
}

static void put_functions(struct out *out, const struct dcbs_report *r, enum order_key order)
{
	const struct dcbs_function **functions = order_functions(r, order);

	if (!functions)
		out->err = -ENOMEM;
	else
		put_array(out, "functions", functions, r->nr_functions, json_functions_function);
	free(functions);
}

int json_write(FILE *file, const struct dcbs_report *r, const struct render_options *options)
{
	struct out out = {.file = file};

	fputs("{\n", file);
	put_head(&out, r);
	put_array(&out, "sections", r->sections, r->nr_sections, section_object);
	put(&out, "memory", memory_object(r));
	put_array(&out, "bottlenecks", r->bottlenecks, r->nr_bottlenecks, bottleneck_object);
	put_functions(&out, r, options->order);
	put(&out, "model", model_object(&r->model));
	put_array(&out, "caches", r->caches, r->nr_caches, cache_object);
	put(&out, "overhead", overhead_object(&r->overhead));
	put(&out, "lost", lost_object(&r->lost));
	put(&out, "threshold_s", real(r->threshold_s));
	put_array(&out, "threads", r->threads, r->nr_threads, json_ledger_thread);
	put(&out, "wall_check", wall_check_object(r));
	put_array(&out, "notes", r->notes, r->nr_notes, note_string);
	put(&out, "frequency_hz", integer(r->frequency_hz));
	put_array(&out, "frames", r->frames, r->nr_frames, json_functions_frame);
	put_array(&out, "stacks", r->stacks, r->nr_stacks, json_functions_stack);
	fputs("\n}\n", file);
	return out.err;
}
