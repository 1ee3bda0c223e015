// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_slowest.c - see json_slowest.h. */
#include <math.h>

#include "render/json/json_ledger.h"
#include "render/json/json_value.h"
#include "render/slices/json_slowest.h"

static json_t *frames_array(const struct dcbs_slow_call *call)
{
	json_t *array = call->nr_frames ? json_array() : json_null();
	size_t i;

	for (i = 0; i < call->nr_frames; i++)
		json_array_append_new(array, json_string(call->frames[i]));
	return array;
}

static json_t *call_object(const struct dcbs_slow_call *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "at_s", real_or_null(c->at_s),
			 "duration_s", real_or_null(c->duration_s), "pid", integer_or_null(c->pid), "tid", integer_or_null(c->tid),
			 "items", integer_or_null(c->items), "flow", c->flow,
			 "wall", isnan(c->wall.cpu_s) ? json_null() : json_ledger_wall(&c->wall),
			 "wall_parts", isnan(c->wall.cpu_s) ? json_null() : json_ledger_parts(&c->wall), "frames", frames_array(c));
}

json_t *json_slowest_array(const struct dcbs_section *s)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < s->nr_slowest; i++)
		json_array_append_new(array, call_object(&s->slowest[i]));
	return array;
}

static void read_call(struct json_get *r, const json_t *o, struct dcbs_slow_call *to)
{
	*to = (struct dcbs_slow_call) {
		.at_s = json_get_real(r, o, "at_s"), .duration_s = json_get_real(r, o, "duration_s"),
		.pid = json_get_pid(r, o, "pid"), .tid = json_get_pid(r, o, "tid"), .items = json_get_integer(r, o, "items"),
		.flow = json_is_true(json_object_get(o, "flow")),
	};
	json_ledger_read_wall(r, json_get_object(r, o, "wall"), json_get_object(r, o, "wall_parts"), &to->wall);
	if (json_is_array(json_object_get(o, "frames")))
		json_get_strings(r, o, "frames", &to->frames, &to->nr_frames);
}

void json_slowest_read(struct json_get *r, const json_t *section, struct dcbs_section *to)
{
	const json_t *array = json_get_array(r, section, "slowest", &to->slowest, sizeof(*to->slowest));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_slowest = i + 1;
		read_call(r, json_get_enter(r, array, "slowest", i), &to->slowest[i]);
	}
}
