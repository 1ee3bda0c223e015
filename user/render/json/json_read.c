// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * json_read.c - reads a saved session from its JSON document.
 *
 * The file may come from anyone: its size is bounded, every value is checked for its type and range, and strings are sanitised
 * again. Unknown keys are ignored; the values of missing keys are unknown.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "bpfprof/marker_abi.h"
#include "dcbs/profiler.h"
#include "render/json/gzip.h"
#include "render/json/json_functions.h"
#include "render/json/json_get.h"
#include "render/json/json_host.h"
#include "render/json/json_hist.h"
#include "render/json/json_ledger.h"
#include "render/loops/json_awaiting.h"
#include "render/loops/json_loops.h"
#include "render/json/json_sections.h"
#include "render/json/json_words.h"
#include "render/utf8_locale.h"
#include "render/sessions/json_sessions.h"
#include "render/slices/json_slices.h"

#define FILE_MAX_BYTES (256UL << 20)	/* a session with all the stacks that the profiler keeps stays below */
#define READ_BYTES (64UL << 10)	/* at least, with one call */

/* ---- parts ---- */

static void read_target(struct json_get *r, const json_t *o, struct dcbs_target *t)
{
	t->pid = json_get_pid(r, o, "pid");
	t->comm = json_get_name(r, o, "comm");
	t->command = json_get_name(r, o, "command");
	t->started_at = json_get_real(r, o, "started_at");
	t->markers = json_is_true(json_object_get(o, "markers"));
	t->parent = json_get_optional_pid(r, o, "parent");
	t->rank = json_get_integer(r, o, "rank");
	t->ended_at = json_get_real(r, o, "ended_at");
	t->exit_status = json_get_integer(r, o, "exit_status");
	t->signal = json_get_integer(r, o, "signal");
	t->sections = json_get_integer(r, o, "sections");
	t->sections_s = json_get_real(r, o, "sections_s");
}

static void read_targets(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "targets", &to->targets, sizeof(*to->targets));
	const json_t *one = json_get_object(r, doc, "target");
	size_t i;

	if (r->err)
		return;
	if (!array && one) {
		snprintf(r->where, sizeof(r->where), "target.");
		to->nr_targets = 1;
		read_target(r, one, to->targets);
	}
	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_targets = i + 1;
		read_target(r, json_get_enter(r, array, "targets", i), &to->targets[i]);
	}
	json_get_leave(r);
}

static void read_window(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *o = json_get_object(r, doc, "window");

	if (!o)
		json_get_wrong(r, "window", "an object");
	snprintf(r->where, sizeof(r->where), "window.");
	to->started_at = json_get_real(r, o, "started_at");
	to->duration_s = json_get_real(r, o, "duration_s");
	to->ended_by = json_get_word(r, o, "ended_by", &json_words_ended_by, DCBS_ENDED_RUNNING);
	json_get_leave(r);
}

static void read_bottlenecks(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "bottlenecks", &to->bottlenecks, sizeof(*to->bottlenecks)), *o;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		o = json_get_enter(r, array, "bottlenecks", i);
		to->nr_bottlenecks = i + 1;
		to->bottlenecks[i] = (struct dcbs_bottleneck) {
			.section = json_get_name(r, o, "section"), .total_s = json_get_real(r, o, "total_s"),
			.share = json_get_real(r, o, "share"), .evidence = json_get_string(r, o, "evidence"),
			.cause = json_get_word(r, o, "cause", &json_words_causes, DCBS_CAUSE_UNKNOWN),
			.suggestion = json_get_string(r, o, "suggestion"),
		};
	}
	json_get_leave(r);
}

static void read_times(struct json_get *r, const json_t *model, const char *key, struct dcbs_model_times *t)
{
	const json_t *o = json_get_object(r, model, key);
	int64_t count = json_get_integer(r, o, "count");

	*t = (struct dcbs_model_times) {
		.count = count == DCBS_UNKNOWN ? 0 : count, .mean_s = json_get_real(r, o, "mean_time"),
		.min_s = json_get_real(r, o, "min_time"), .max_s = json_get_real(r, o, "max_time"),
		.total_s = json_get_real(r, o, "total_time"), .tokens = json_get_integer(r, o, "tokens"),
		.tokens_per_s = json_get_real(r, o, "tokens_per_s"),
	};
}

static void read_model(struct json_get *r, const json_t *doc, struct dcbs_model_summary *m)
{
	const json_t *o = json_get_object(r, doc, "model"), *memory = json_get_object(r, o, "memory");

	read_times(r, o, "forward_pass", &m->forward_pass);
	read_times(r, o, "generation", &m->generation);
	m->peak_memory_bytes = json_get_real(r, memory, "peak_memory_mb") * JSON_WORDS_MIB;
	m->mean_memory_bytes = json_get_real(r, memory, "mean_memory_mb") * JSON_WORDS_MIB;
	m->min_memory_bytes = json_get_real(r, memory, "min_memory_mb") * JSON_WORDS_MIB;
}

static void read_cache(struct json_get *r, const json_t *o, struct dcbs_cache_summary *c)
{
	const json_t *timing = json_get_object(r, o, "timing"), *size = json_get_object(r, o, "size");

	*c = (struct dcbs_cache_summary) {
		.name = json_get_name(r, o, "name"), .hit_rate = json_get_real(r, o, "hit_rate"),
		.total_accesses = json_get_integer(r, o, "total_accesses"), .hits = json_get_integer(r, o, "hits"),
		.misses = json_get_integer(r, o, "misses"), .mean_s = json_get_real(r, timing, "mean_access_time"),
		.min_s = json_get_real(r, timing, "min_access_time"), .max_s = json_get_real(r, timing, "max_access_time"),
		.p50_s = json_get_real(r, timing, "p50_access_time"), .p90_s = json_get_real(r, timing, "p90_access_time"),
		.p95_s = json_get_real(r, timing, "p95_access_time"), .p99_s = json_get_real(r, timing, "p99_access_time"),
		.current_size_bytes = json_get_real(r, size, "current_size_mb") * JSON_WORDS_MIB,
		.max_size_bytes = json_get_real(r, size, "max_size_mb") * JSON_WORDS_MIB,
		.mean_size_bytes = json_get_real(r, size, "mean_size_mb") * JSON_WORDS_MIB,
	};
}

static void read_caches(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "caches", &to->caches, sizeof(*to->caches));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_caches = i + 1;
		read_cache(r, json_get_enter(r, array, "caches", i), &to->caches[i]);
	}
	json_get_leave(r);
}

static void read_memory(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *o = json_get_object(r, doc, "memory");

	to->rss_start_bytes = json_get_integer(r, o, "rss_start_bytes");
	to->rss_end_bytes = json_get_integer(r, o, "rss_end_bytes");
	to->rss_peak_bytes = json_get_integer(r, o, "rss_peak_bytes");
	to->sections_bytes = json_get_signed_integer(r, o, "sections_bytes");
	to->outside_bytes = json_get_signed_integer(r, o, "outside_bytes");
	to->others_bytes = json_get_signed_integer(r, o, "others_bytes");
	to->unexplained_bytes = json_get_signed_integer(r, o, "unexplained_bytes");
	to->exit_bytes = json_get_signed_integer(r, o, "exit_bytes");
	to->late_part = json_get_real(r, o, "late_part");
	to->page_touch_s = json_get_real(r, o, "page_touch_s");
	to->memory_estimated = json_is_true(json_object_get(o, "estimated"));
}

static void read_threads(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "threads", &to->threads, sizeof(*to->threads));
	const json_t *check = json_get_object(r, doc, "wall_check");
	size_t i;

	to->ledger_cpu_s = json_get_signed_real(r, check, "ledger_cpu_s");
	to->kernel_cpu_s = json_get_real(r, check, "kernel_cpu_s");
	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_threads = i + 1;
		json_ledger_read_thread(r, json_get_enter(r, array, "threads", i), &to->threads[i]);
	}
	json_get_leave(r);
}

static void read_costs(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *o = json_get_object(r, doc, "overhead"), *lost = json_get_object(r, doc, "lost");

	to->overhead = (struct dcbs_overhead) {
		.target_cpu_share = json_get_real(r, o, "target_cpu_share"), .flushes = json_get_integer(r, o, "flushes"),
		.samples = json_get_integer(r, o, "samples"), .switches = json_get_integer(r, o, "switches"),
		.faults = json_get_integer(r, o, "faults"), .ns_per_flush = json_get_real(r, o, "ns_per_flush"),
		.ns_per_section = json_get_real(r, o, "ns_per_section"), .profiler_rss_bytes = json_get_integer(r, o, "profiler_rss_bytes"),
		.maps_bytes = json_get_integer(r, o, "maps_bytes"), .thread_bytes = json_get_integer(r, o, "thread_bytes"),
		.answers = json_get_integer(r, o, "answers"), .answers_s = json_get_real(r, o, "answers_s"),
	};
	if (o)
		json_get_strings(r, o, "reduced", &to->overhead.reduced, &to->overhead.nr_reduced);
	to->lost = (struct dcbs_lost) {
		.sections = json_get_integer(r, lost, "sections"), .records = json_get_integer(r, lost, "records"),
		.samples = json_get_integer(r, lost, "samples"), .stacks = json_get_integer(r, lost, "stacks"),
		.names = json_get_integer(r, lost, "names"), .processes = json_get_integer(r, lost, "processes"),
	};
	to->threshold_s = json_get_real(r, doc, "threshold_s");
}

/* ---- document ---- */

static int check_document(const char *path, const json_t *doc)
{
	const char *tool = json_string_value(json_object_get(doc, "tool"));
	const json_t *schema = json_object_get(doc, "schema");

	if (!tool || strcmp(tool, JSON_WORDS_TOOL) || !json_is_integer(schema))
		return fail(-EINVAL, "%s is not a session that dcbs-bpfprof wrote: give it a file written with -o FILE.json",
			    path);
	if (json_integer_value(schema) != DCBS_SCHEMA)
		return fail(-EINVAL, "%s has schema %lld, this program reads schema %d: use the dcbs-bpfprof that wrote it",
			    path, (long long)json_integer_value(schema), DCBS_SCHEMA);
	return 0;
}

static int read_document(const char *path, const json_t *doc, struct dcbs_report *to)
{
	struct json_get r = {.file = path};

	r.err = check_document(path, doc);
	if (r.err)
		return r.err;
	to->schema = DCBS_SCHEMA;
	to->version = json_get_name(&r, doc, "version");
	read_targets(&r, doc, to);
	to->more_targets = json_get_integer(&r, doc, "more_targets");
	if (to->more_targets == DCBS_UNKNOWN)
		to->more_targets = 0;
	json_sessions_read(&r, doc, to);
	json_host_read(&r, doc, &to->host);
	read_window(&r, doc, to);
	json_slices_read_window(&r, doc, &to->slices);
	json_sections_read(&r, doc, to);
	read_memory(&r, doc, to);
	read_bottlenecks(&r, doc, to);
	read_model(&r, doc, &to->model);
	read_caches(&r, doc, to);
	read_threads(&r, doc, to);
	json_ledger_read_outside(&r, doc, to);
	json_ledger_read_neighbours(&r, doc, to);
	json_loops_read(&r, doc, to);
	json_awaiting_read(&r, doc, to);
	read_costs(&r, doc, to);
	json_get_strings(&r, doc, "notes", &to->notes, &to->nr_notes);
	json_get_strings(&r, doc, "gpu_libraries", &to->gpu_libraries, &to->nr_gpu_libraries);
	json_ledger_read_gpu_whole(&r, doc, to);
	json_functions_read(&r, doc, to);
	return r.err;
}

/* Reads to the end and does not ask for the size: the file may be a pipe. */
static int read_bytes(const char *path, FILE *f, char **text, size_t *len)
{
	size_t room = 0;

	*len = 0;
	do {
		if (!array_reserve(*text, *len, room, READ_BYTES))
			return fail(-ENOMEM, "no memory for %s", path);
		*len += fread(*text + *len, 1, room - *len, f);
		if (ferror(f))
			return fail(-errno, "cannot read %s: %s", path, strerror(errno));
		if (*len > FILE_MAX_BYTES)
			return fail(-EFBIG, "%s is larger than 256 MiB: it is not a session of dcbs-bpfprof", path);
	} while (*len == room);
	return 0;
}

/* A compressed session takes no more memory than the plain one may. */
static int expand_bytes(const char *path, char **text, size_t *len)
{
	size_t nr;
	char *plain;
	int err;

	if (!gzip_is(*text, *len))
		return 0;
	err = gzip_expand(*text, *len, FILE_MAX_BYTES, &plain, &nr);
	free(*text);
	*text = plain;
	*len = nr;
	switch (err) {
	case 0: return 0;
	case -EFBIG: return fail(err, "%s is larger than 256 MiB when it is decompressed: it is not a session of dcbs-bpfprof", path);
	case -ENODATA: return fail(-EINVAL, "%s ends too early: it was not written completely", path);
	case -EINVAL: return fail(err, "%s is damaged: it cannot be decompressed; give it a file written with -o FILE.json.gz", path);
	default: return fail(err, "no memory for %s", path);
	}
}

static int parse_document(const char *path, const char *text, size_t len, json_t **doc)
{
	json_error_t e;

	*doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (*doc)
		return 0;
	if (json_error_code(&e) == json_error_premature_end_of_input)
		return fail(-EINVAL, "%s ends too early, in line %d: it was not written completely", path, e.line);
	return fail(-EINVAL, "%s is not JSON, see line %d, column %d: give it a file written with -o FILE.json", path,
		    e.line, e.column);
}

static int load_file(const char *path, json_t **doc)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len;
	int err;

	if (!f)
		return fail(-errno, "cannot open %s: %s", path, strerror(errno));
	err = read_bytes(path, f, &text, &len);
	if (!err)
		err = expand_bytes(path, &text, &len);
	if (!err)
		err = parse_document(path, text, len, doc);
	free(text);
	fclose(f);
	return err;
}

int dcbs_report_load(struct dcbs_report **report, const char *path)
{
	locale_t before = utf8_locale_begin();	/* jansson reads numbers according to the locale */
	struct dcbs_report *r = calloc(1, sizeof(*r));
	json_t *doc = NULL;
	int err;

	err = r ? load_file(path, &doc) : fail(-ENOMEM, "no memory for %s", path);
	if (!err)
		err = read_document(path, doc, r);
	json_decref(doc);
	utf8_locale_end(before);
	if (err) {
		dcbs_report_free(r);
		return err;
	}
	*report = r;
	return 0;
}
