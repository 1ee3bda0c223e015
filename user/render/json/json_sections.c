// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_sections.c - sections to and from the document. */
#include <jansson.h>
#include <math.h>

#include "bpfprof/hist.h"
#include "bpfprof/marker_abi.h"
#include "render/json/json_hist.h"
#include "render/json/json_ledger.h"
#include "render/json/json_sections.h"
#include "render/json/json_value.h"
#include "render/json/json_words.h"
#include "render/sessions/json_sessions.h"
#include "render/slices/json_slices.h"
#include "render/slices/json_slowest.h"

/* ---- writing ---- */

static json_t *process_time_object(const struct dcbs_process_time *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "pid", integer_or_null(p->pid), "count", integer_or_null(p->count),
			 "mean_s", real_or_null(p->mean_s), "total_s", real_or_null(p->total_s),
			 "mean_wait_s", real_or_null(p->mean_wait_s));
}

static json_t *skew_object(const struct dcbs_skew *s)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "count", integer_or_null(s->processes), "skew", real_or_null(s->ratio),
			 "slowest", process_time_object(&s->slowest), "fastest", process_time_object(&s->fastest));
}

/* The members that were added later; they stand behind those of json_sections_section(), whose order is kept. */
static json_t *section_additions(const struct dcbs_section *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "open", integer_or_null(s->open), "errors", integer_or_null(s->errors),
			 "items", integer_or_null(s->items), "items_per_s", real_or_null(s->items_per_s),
			 "error_s", real_or_null(s->error_s), "unseen_s", real_or_null(s->unseen_s),
			 "histogram", json_hist_object(&s->histogram, HIST_SCALE),
			 "wall", json_ledger_wall(&s->wall), "memory", json_ledger_memory(&s->memory),
			 "kind", word_or_null(&json_words_kinds, s->kind),
			 "open_at_start", integer_or_null(s->open_at_start), "unreturned", integer_or_null(s->unreturned),
			 "wall_parts", json_ledger_parts(&s->wall),
			 "self_wall", json_ledger_wall(&s->self_wall),
			 "self_wall_parts", json_ledger_parts(&s->self_wall),
			 "self_memory", json_ledger_memory(&s->self_memory),
			 "late_growth_bytes", integer_or_null(s->late_growth_bytes),
			 "growth", json_ledger_spread(&s->growth, &json_ledger_growth_keys),
			 "faults", json_ledger_spread(&s->faults, &json_ledger_faults_keys),
			 "profiling_s", real_or_null(s->profiling_s),
			 "profiling_per_call_s", real_or_null(s->profiling_per_call_s), "cpu_error_s", real_or_null(s->cpu_error_s),
			 "in_flight", "mean", real_or_null(s->in_flight), "max", integer_or_null(s->in_flight_most),
			 "fault_cpu_s", real_or_null(s->fault_cpu_s), "fault_cpu_error_s", real_or_null(s->fault_cpu_error_s),
			 "cancelled", integer_or_null(s->cancelled), "gpu", json_ledger_gpu(s),
			 "parent", string_or_null(s->parent), "trend", json_slices_trend(&s->trend), "slices", json_slices_section(&s->slices),
			 "slowest", json_slowest_array(s));
}

json_t *json_sections_section(const struct dcbs_section *s)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			      "name", string_or_null(s->name), "count", integer_or_null(s->count),
			      "total_s", real_or_null(s->total_s), "self_s", real_or_null(s->self_s),
			      "mean_s", real_or_null(s->mean_s), "min_s", real_or_null(s->min_s),
			      "max_s", real_or_null(s->max_s), "p50_s", real_or_null(s->p50_s),
			      "p90_s", real_or_null(s->p90_s), "p95_s", real_or_null(s->p95_s),
			      "p99_s", real_or_null(s->p99_s), "p999_s", real_or_null(s->p999_s));

	o = join_objects(o, section_additions(s));
	if (o && ((s->skew.processes > 1 && json_object_set_new(o, "processes", skew_object(&s->skew))) ||
		  (s->session_skew.sessions > 0 && json_object_set_new(o, "sessions", json_sessions_skew(&s->session_skew))))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* ---- reading ---- */

static void read_process_time(struct json_get *r, const json_t *o, struct dcbs_process_time *p)
{
	*p = (struct dcbs_process_time) {
		.pid = json_get_optional_pid(r, o, "pid"), .count = json_get_integer(r, o, "count"),
		.mean_s = json_get_real(r, o, "mean_s"), .total_s = json_get_real(r, o, "total_s"),
		.mean_wait_s = json_get_real(r, o, "mean_wait_s"),
	};
}

static void read_skew(struct json_get *r, const json_t *o, struct dcbs_skew *s)
{
	s->ratio = json_get_real(r, o, "skew");
	if (!o)
		return;
	s->processes = json_get_integer(r, o, "count");
	read_process_time(r, json_get_object(r, o, "slowest"), &s->slowest);
	read_process_time(r, json_get_object(r, o, "fastest"), &s->fastest);
}

static void read_section(struct json_get *r, const json_t *o, struct dcbs_section *s)
{
	*s = (struct dcbs_section) {
		.name = json_get_name(r, o, "name"), .count = json_get_integer(r, o, "count"), .parent = json_get_string(r, o, "parent"),
		.kind = json_get_word(r, o, "kind", &json_words_kinds, DCBS_NAME_SECTION),
		.total_s = json_get_real(r, o, "total_s"), .self_s = json_get_real(r, o, "self_s"),
		.mean_s = json_get_real(r, o, "mean_s"), .min_s = json_get_real(r, o, "min_s"),
		.max_s = json_get_real(r, o, "max_s"), .p50_s = json_get_real(r, o, "p50_s"),
		.p90_s = json_get_real(r, o, "p90_s"), .p95_s = json_get_real(r, o, "p95_s"),
		.p99_s = json_get_real(r, o, "p99_s"), .p999_s = json_get_real(r, o, "p999_s"),
		.open = json_get_integer(r, o, "open"), .open_at_start = json_get_integer(r, o, "open_at_start"),
		.unreturned = json_get_integer(r, o, "unreturned"),
		.errors = json_get_integer(r, o, "errors"), .cancelled = json_get_integer(r, o, "cancelled"),
		.items = json_get_integer(r, o, "items"),
		.items_per_s = json_get_real(r, o, "items_per_s"), .error_s = json_get_real(r, o, "error_s"),
		.unseen_s = json_get_real(r, o, "unseen_s"), .cpu_error_s = json_get_real(r, o, "cpu_error_s"),
		.profiling_s = json_get_real(r, o, "profiling_s"), .late_growth_bytes = json_get_signed_integer(r, o, "late_growth_bytes"),
		.profiling_per_call_s = json_get_real(r, o, "profiling_per_call_s"),
		.in_flight = json_get_real(r, json_get_object(r, o, "in_flight"), "mean"),
		.fault_cpu_s = json_get_real(r, o, "fault_cpu_s"), .fault_cpu_error_s = json_get_real(r, o, "fault_cpu_error_s"),
		.in_flight_most = json_get_integer(r, json_get_object(r, o, "in_flight"), "max"),
	};
	json_hist_read(r, json_get_object(r, o, "histogram"), &s->histogram, HIST_SCALE, HIST_PLACES);
	json_ledger_read_wall(r, json_get_object(r, o, "wall"), json_get_object(r, o, "wall_parts"), &s->wall);
	json_ledger_read_wall(r, json_get_object(r, o, "self_wall"), json_get_object(r, o, "self_wall_parts"), &s->self_wall);
	json_ledger_read_gpu(r, json_get_object(r, o, "gpu"), s);
	json_ledger_read_memory(r, json_get_object(r, o, "memory"), &s->memory);
	json_ledger_read_memory(r, json_get_object(r, o, "self_memory"), &s->self_memory);
	json_ledger_read_spread(r, json_get_object(r, o, "growth"), &s->growth, &json_ledger_growth_keys);
	json_ledger_read_spread(r, json_get_object(r, o, "faults"), &s->faults, &json_ledger_faults_keys);
	read_skew(r, json_get_object(r, o, "processes"), &s->skew);
}

void json_sections_read(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "sections", &to->sections, sizeof(*to->sections));
	size_t i;

	if (!array)
		json_get_wrong(r, "sections", "an array");
	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_sections = i + 1;
		read_section(r, json_get_enter(r, array, "sections", i), &to->sections[i]);
		json_slowest_read(r, json_array_get(array, i), &to->sections[i]);
		json_sessions_read_skew(r, json_array_get(array, i), &to->sections[i].session_skew, to->nr_sessions);
		json_slices_read_section(r, json_array_get(array, i), &to->sections[i], &to->slices);
	}
	json_get_leave(r);
}
