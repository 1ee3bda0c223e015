// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_ledger.c - the ledgers to and from the document. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "bpfprof/abi.h"
#include "render/json/json_hist.h"
#include "render/json/json_ledger.h"
#include "render/json/json_value.h"
#include "render/json/json_words.h"

struct ledger_field {
	const char *key;
	size_t offset;
	bool is_signed;
};

#define WALL(name) {#name, offsetof(struct dcbs_wall, name), false}
#define GPU(name) {#name, offsetof(struct dcbs_gpu, name), false}
#define GPU_ERROR(name) {#name "_s_error", offsetof(struct dcbs_gpu, name##_error_s), false}
#define GPU_MEMORY(name) {#name, offsetof(struct dcbs_gpu_memory, name), false}
#define GPU_CALLS(name) {#name, offsetof(struct dcbs_gpu_calls, name), false}
#define MEMORY(name, is_signed) {#name, offsetof(struct dcbs_memory, name), is_signed}
#define MEMORY_ERROR(name, field) {#name "_error", offsetof(struct dcbs_memory, field), false}

static const struct ledger_field wall_fields[] = {
	WALL(cpu_s), WALL(worker_cpu_s), WALL(runqueue_s), WALL(throttled_s), WALL(steal_s), WALL(gil_s), WALL(lock_s),
	WALL(disk_s), WALL(network_s), WALL(fault_s), WALL(sleep_s), WALL(gpu_s), WALL(other_s), WALL(await_s),
	{"residue_s", offsetof(struct dcbs_wall, residue_s), true},
};
static const struct ledger_field part_fields[] = {WALL(sync_s), WALL(pipe_s), WALL(child_s), WALL(stopped_s)};
static const struct ledger_field gpu_fields[] = {
	GPU(driver_s), GPU_ERROR(driver), GPU(wait_s), GPU_ERROR(wait), GPU(copy_s), GPU_ERROR(copy), GPU(d2h_s), GPU(h2d_s),
	GPU(launch_s), GPU_ERROR(launch), GPU(alloc_s), GPU_ERROR(alloc), GPU(other_s), GPU_ERROR(other),
	GPU(unknown_s), GPU_ERROR(unknown), GPU(spin_s), GPU(runqueue_s), GPU(throttled_s), GPU(steal_s),
};
static const struct ledger_field gpu_counts[] = {
	GPU_CALLS(level), GPU_CALLS(syncs), GPU_CALLS(syncs_idle), GPU_CALLS(h2d_bytes), GPU_CALLS(d2h_bytes),
};
static const struct ledger_field gpu_memory_fields[] = {
	GPU_MEMORY(live_bytes), GPU_MEMORY(peak_bytes), GPU_MEMORY(alloc_bytes), GPU_MEMORY(free_bytes), GPU_MEMORY(allocs),
	GPU_MEMORY(allocs_failed), GPU_MEMORY(self_live_allocs), GPU_MEMORY(self_live_bytes), GPU_MEMORY(self_late_bytes),
};
#define GPU_WHOLE_FIELDS 6	/* of them; the rest is of sections alone */
static const struct ledger_field gpu_growth[] = {GPU_MEMORY(growth_per_call_bytes)};
static const struct ledger_field gpu_whole_fields[] = {
	{"frees_unknown", offsetof(struct dcbs_report, gpu_frees_unknown), false},
	{"allocs_unfollowed", offsetof(struct dcbs_report, gpu_allocs_unfollowed), false},
};
static const struct ledger_field gpu_rates[] = {
	GPU_CALLS(copy_gb_per_s), GPU_CALLS(untimed_s), GPU_CALLS(open_s), GPU_CALLS(launches_per_s), GPU_CALLS(launches_per_call),
	{"launches_per_s_error", offsetof(struct dcbs_gpu_calls, launches_error_per_s), false},
	{"launches_per_call_error", offsetof(struct dcbs_gpu_calls, launches_error_per_call), false},
};
static const struct ledger_field memory_fields[] = {
	MEMORY(rss_delta_bytes, true), MEMORY(anon_delta_bytes, true), MEMORY(file_delta_bytes, true),
	MEMORY(shmem_delta_bytes, true), MEMORY(peak_delta_bytes, false), MEMORY(minor_faults, false),
	MEMORY(major_faults, false), MEMORY(mapped_bytes, false), MEMORY(unmapped_bytes, false),
	MEMORY(grown_bytes, false), MEMORY(shrunk_bytes, false), MEMORY(copied_bytes, false),
	MEMORY_ERROR(grown_bytes, grown_error_bytes), MEMORY_ERROR(shrunk_bytes, shrunk_error_bytes),
	MEMORY_ERROR(mapped_bytes, mapped_error_bytes), MEMORY_ERROR(unmapped_bytes, unmapped_error_bytes),
	MEMORY_ERROR(minor_faults, minor_faults_error), MEMORY_ERROR(major_faults, major_faults_error),
};

const struct json_spread_keys json_ledger_growth_keys = {"p50_bytes", "p90_bytes", "p99_bytes", "max_bytes"};
const struct json_spread_keys json_ledger_faults_keys = {"p50", "p90", "p99", "max"};

/* ---- tables of members ---- */

static json_t *reals_object(const void *from, const struct ledger_field *fields, size_t nr)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < nr; i++)
		if (json_object_set_new(o, fields[i].key,
					real_or_null(*(const double *)((const char *)from + fields[i].offset)))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static json_t *integers_object(const void *from, const struct ledger_field *fields, size_t nr)
{
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < nr; i++)
		if (json_object_set_new(o, fields[i].key,
					integer_or_null(*(const int64_t *)((const char *)from + fields[i].offset)))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

static void read_reals(struct json_get *r, const json_t *o, void *to, const struct ledger_field *f, size_t nr)
{
	for (; nr; nr--, f++)
		*(double *)((char *)to + f->offset) = f->is_signed ? json_get_signed_real(r, o, f->key) :
								     json_get_real(r, o, f->key);
}

static void read_integers(struct json_get *r, const json_t *o, void *to, const struct ledger_field *f, size_t nr)
{
	for (; nr; nr--, f++)
		*(int64_t *)((char *)to + f->offset) = f->is_signed ? json_get_signed_integer(r, o, f->key) :
								      json_get_integer(r, o, f->key);
}

/* ---- ledgers ---- */

json_t *json_ledger_wall(const struct dcbs_wall *wall)
{
	return reals_object(wall, wall_fields, ARRAY_SIZE(wall_fields));
}

json_t *json_ledger_parts(const struct dcbs_wall *wall)
{
	return reals_object(wall, part_fields, ARRAY_SIZE(part_fields));
}

const char *json_ledger_wall_key(size_t field)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wall_fields); i++)
		if (wall_fields[i].offset == field * sizeof(double))
			return wall_fields[i].key;
	return NULL;
}

void json_ledger_read_wall(struct json_get *r, const json_t *wall, const json_t *parts, struct dcbs_wall *to)
{
	read_reals(r, wall, to, wall_fields, ARRAY_SIZE(wall_fields));
	read_reals(r, parts, to, part_fields, ARRAY_SIZE(part_fields));
}

/* Takes over both. */
static json_t *add_members(json_t *to, json_t *more)
{
	if (to && (!more || json_object_update(to, more))) {
		json_decref(to);
		to = NULL;
	}
	json_decref(more);
	return to;
}

json_t *json_ledger_gpu(const struct dcbs_section *s)
{
	json_t *o;

	if (isnan(s->gpu.wait_s))
		return json_null();
	o = add_members(reals_object(&s->gpu, gpu_fields, ARRAY_SIZE(gpu_fields)), integers_object(&s->gpu_calls, gpu_counts, ARRAY_SIZE(gpu_counts)));
	o = add_members(o, integers_object(&s->gpu_memory, gpu_memory_fields, ARRAY_SIZE(gpu_memory_fields)));
	o = add_members(o, reals_object(&s->gpu_memory, gpu_growth, ARRAY_SIZE(gpu_growth)));
	return add_members(o, reals_object(&s->gpu_calls, gpu_rates, ARRAY_SIZE(gpu_rates)));
}

void json_ledger_read_gpu(struct json_get *r, const json_t *o, struct dcbs_section *to)
{
	read_reals(r, o, &to->gpu, gpu_fields, ARRAY_SIZE(gpu_fields));
	read_integers(r, o, &to->gpu_calls, gpu_counts, ARRAY_SIZE(gpu_counts));
	read_integers(r, o, &to->gpu_memory, gpu_memory_fields, ARRAY_SIZE(gpu_memory_fields));
	read_reals(r, o, &to->gpu_memory, gpu_growth, ARRAY_SIZE(gpu_growth));
	read_reals(r, o, &to->gpu_calls, gpu_rates, ARRAY_SIZE(gpu_rates));
}

json_t *json_ledger_gpu_whole(const struct dcbs_report *r)
{
	if (r->gpu_memory.allocs == DCBS_UNKNOWN)
		return json_null();
	return add_members(integers_object(&r->gpu_memory, gpu_memory_fields, GPU_WHOLE_FIELDS),
			   integers_object(r, gpu_whole_fields, ARRAY_SIZE(gpu_whole_fields)));
}

void json_ledger_read_gpu_whole(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *o = json_get_object(r, doc, "gpu");

	read_integers(r, o, &to->gpu_memory, gpu_memory_fields, ARRAY_SIZE(gpu_memory_fields));
	read_integers(r, o, to, gpu_whole_fields, ARRAY_SIZE(gpu_whole_fields));
}

json_t *json_ledger_memory(const struct dcbs_memory *memory)
{
	return integers_object(memory, memory_fields, ARRAY_SIZE(memory_fields));
}

void json_ledger_read_memory(struct json_get *r, const json_t *o, struct dcbs_memory *to)
{
	read_integers(r, o, to, memory_fields, ARRAY_SIZE(memory_fields));
}

json_t *json_ledger_spread(const struct dcbs_spread *s, const struct json_spread_keys *keys)
{
	if (s->calls == DCBS_UNKNOWN)
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "calls", (json_int_t)s->calls, keys->p50, real_or_null(s->p50),
			 keys->p90, real_or_null(s->p90), keys->p99, real_or_null(s->p99),
			 keys->max, real_or_null(s->max), "histogram", json_hist_object(&s->histogram, COARSE_SCALE));
}

void json_ledger_read_spread(struct json_get *r, const json_t *o, struct dcbs_spread *to,
			     const struct json_spread_keys *keys)
{
	to->calls = json_get_integer(r, o, "calls");
	to->p50 = json_get_real(r, o, keys->p50);
	to->p90 = json_get_real(r, o, keys->p90);
	to->p99 = json_get_real(r, o, keys->p99);
	to->max = json_get_real(r, o, keys->max);
	json_hist_read(r, json_get_object(r, o, "histogram"), &to->histogram, COARSE_SCALE, COARSE_PLACES);
}

/* ---- threads ---- */

json_t *json_ledger_thread(const struct dcbs_thread *t)
{
	return json_pack("{s:o, s:o, s:s?, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "pid", integer_or_null(t->pid),
			 "tid", integer_or_null(t->tid), "name", t->name, "threads", integer_or_null(t->threads),
			 "sections", t->sections, "idle", t->idle, "wall_s", real_or_null(t->wall_s),
			 "kernel_cpu_s", real_or_null(t->kernel_cpu_s), "wall", json_ledger_wall(&t->wall),
			 "wall_parts", json_ledger_parts(&t->wall));
}

void json_ledger_read_thread(struct json_get *r, const json_t *o, struct dcbs_thread *to)
{
	*to = (struct dcbs_thread) {
		.pid = json_get_pid(r, o, "pid"), .tid = json_get_pid(r, o, "tid"), .name = json_get_name(r, o, "name"),
		.threads = json_get_integer(r, o, "threads"), .sections = json_is_true(json_object_get(o, "sections")),
		.idle = json_is_true(json_object_get(o, "idle")), .wall_s = json_get_real(r, o, "wall_s"),
		.kernel_cpu_s = json_get_real(r, o, "kernel_cpu_s"),
	};
	json_ledger_read_wall(r, json_get_object(r, o, "wall"), json_get_object(r, o, "wall_parts"), &to->wall);
}

/* ---- the time outside of sections, by process and role ---- */

json_t *json_ledger_outside(const struct dcbs_outside *o)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", o->pid ? integer_or_null(o->pid) : json_null(),
			 "role", string_or_null(json_words_of(&json_words_roles, (int)o->role)), "threads", integer_or_null(o->threads),
			 "wall_s", real_or_null(o->wall_s), "total_s", real_or_null(o->total_s), "total_s_error", real_or_null(o->error_s),
			 "wall", json_ledger_wall(&o->wall), "wall_parts", json_ledger_parts(&o->wall));
}

static void read_outside(struct json_get *r, const json_t *o, struct dcbs_outside *to)
{
	*to = (struct dcbs_outside) {
		.pid = json_get_optional_pid(r, o, "pid"),
		.role = (enum dcbs_role)json_get_word(r, o, "role", &json_words_roles, DCBS_ROLE_ENDED),
		.threads = json_get_integer(r, o, "threads"), .wall_s = json_get_real(r, o, "wall_s"),
		.total_s = json_get_real(r, o, "total_s"), .error_s = json_get_real(r, o, "total_s_error"),
	};
	json_ledger_read_wall(r, json_get_object(r, o, "wall"), json_get_object(r, o, "wall_parts"), &to->wall);
}

void json_ledger_read_outside(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "outside", &to->outside, sizeof(*to->outside));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_outside = i + 1;
		read_outside(r, json_get_enter(r, array, "outside", i), &to->outside[i]);
	}
	json_get_leave(r);
}

/* ---- who had the CPU ---- */

json_t *json_ledger_neighbour(const struct dcbs_neighbour *n)
{
	return json_pack("{s:o, s:o, s:o, s:b}", "pid", integer_or_null(n->pid), "comm", string_or_null(n->comm),
			 "cpu_share", real_or_null(n->cpu_share), "is_target", n->is_target);
}

void json_ledger_read_neighbours(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "neighbours", &to->neighbours, sizeof(*to->neighbours)), *o;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		o = json_get_enter(r, array, "neighbours", i);
		to->nr_neighbours = i + 1;
		to->neighbours[i] = (struct dcbs_neighbour) {
			.pid = json_get_pid(r, o, "pid"), .comm = json_get_name(r, o, "comm"),
			.cpu_share = json_get_real(r, o, "cpu_share"), .is_target = json_is_true(json_object_get(o, "is_target")),
		};
	}
	json_get_leave(r);
}
