// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_loops.c - see json_loops.h. */
#include <jansson.h>

#include "render/loops/json_loops.h"
#include "render/json/json_value.h"

static json_t *holder_object(const struct dcbs_loop_holder *h)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "function", string_or_null(h->function), "file", string_or_null(h->file),
			 "line", integer_or_null(h->line), "hot_line", integer_or_null(h->hot_line), "held_s", real_or_null(h->held_s),
			 "error_s", real_or_null(h->error_s), "share", real_or_null(h->share), "step_s", real_or_null(h->step_s));
}

static json_t *holders_array(const struct dcbs_event_loop *loop)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < loop->nr_holders; i++)
		json_array_append_new(array, holder_object(&loop->holders[i]));
	return array;
}

static json_t *waits_object(const struct dcbs_event_loop *l)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "network_s", real_or_null(l->network_s), "timer_s", real_or_null(l->timer_s),
			 "thread_s", real_or_null(l->thread_s), "pipe_s", real_or_null(l->pipe_s));
}

json_t *json_loops_loop(const struct dcbs_event_loop *l)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:{s:o, s:o, s:o, s:o, s:o}, s:{s:o, s:o, s:o}, s:o}",
			 "pid", integer_or_null(l->pid), "tid", integer_or_null(l->tid), "thread", string_or_null(l->name),
			 "busy_share", real_or_null(l->busy_share), "held_s", real_or_null(l->held_s), "waited_s", real_or_null(l->waited_s),
			 "waited_for", waits_object(l), "in_flight", "mean", real_or_null(l->in_flight), "max", integer_or_null(l->in_flight_most),
			 "hold", "count", integer_or_null(l->holds), "p50_s", real_or_null(l->hold_p50_s),
			 "p99_s", real_or_null(l->hold_p99_s), "max_s", real_or_null(l->hold_max_s),
			 "in_flight", integer_or_null(l->hold_in_flight),
			 "step", "max_s", real_or_null(l->step_max_s), "error_s", real_or_null(l->step_error_s),
			 "in_flight", integer_or_null(l->step_in_flight), "holders", holders_array(l));
}

static void read_holders(struct json_get *r, const json_t *o, struct dcbs_event_loop *to)
{
	const json_t *array = json_get_array(r, o, "holders", &to->holders, sizeof(*to->holders)), *h;
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		h = json_get_enter(r, array, "holders", i);
		to->nr_holders = i + 1;
		to->holders[i] = (struct dcbs_loop_holder) {
			.function = json_get_name(r, h, "function"), .file = json_get_string(r, h, "file"),
			.line = json_get_integer(r, h, "line"), .hot_line = json_get_integer(r, h, "hot_line"),
			.held_s = json_get_real(r, h, "held_s"), .error_s = json_get_real(r, h, "error_s"),
			.share = json_get_real(r, h, "share"), .step_s = json_get_real(r, h, "step_s"),
		};
	}
}

static void read_loop(struct json_get *r, const json_t *o, struct dcbs_event_loop *to)
{
	const json_t *hold = json_get_object(r, o, "hold"), *step = json_get_object(r, o, "step");
	const json_t *in_flight = json_get_object(r, o, "in_flight"), *waits = json_get_object(r, o, "waited_for");

	*to = (struct dcbs_event_loop) {
		.pid = json_get_pid(r, o, "pid"), .tid = json_get_pid(r, o, "tid"), .name = json_get_name(r, o, "thread"),
		.busy_share = json_get_real(r, o, "busy_share"),
		.held_s = json_get_real(r, o, "held_s"), .waited_s = json_get_real(r, o, "waited_s"),
		.network_s = json_get_real(r, waits, "network_s"), .timer_s = json_get_real(r, waits, "timer_s"),
		.thread_s = json_get_real(r, waits, "thread_s"), .pipe_s = json_get_real(r, waits, "pipe_s"),
		.in_flight = json_get_real(r, in_flight, "mean"), .in_flight_most = json_get_integer(r, in_flight, "max"),
		.holds = json_get_integer(r, hold, "count"), .hold_p50_s = json_get_real(r, hold, "p50_s"),
		.hold_p99_s = json_get_real(r, hold, "p99_s"), .hold_max_s = json_get_real(r, hold, "max_s"),
		.hold_in_flight = json_get_integer(r, hold, "in_flight"), .step_max_s = json_get_real(r, step, "max_s"),
		.step_error_s = json_get_real(r, step, "error_s"), .step_in_flight = json_get_integer(r, step, "in_flight"),
	};
	read_holders(r, o, to);
}

void json_loops_read(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "event_loops", &to->event_loops, sizeof(*to->event_loops));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_event_loops = i + 1;
		read_loop(r, json_get_enter(r, array, "event_loops", i), &to->event_loops[i]);
	}
	json_get_leave(r);
	to->more_event_loops = json_get_integer(r, doc, "more_event_loops");
	if (to->more_event_loops == DCBS_UNKNOWN)
		to->more_event_loops = 0;
}
