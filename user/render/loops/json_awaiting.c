// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_awaiting.c - see json_awaiting.h. */
#include <jansson.h>

#include "render/json/json_value.h"
#include "render/loops/json_awaiting.h"

static json_t *place_object(const struct dcbs_awaiting *a)
{
	return json_pack("{s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:{s:o, s:o}}", "function", string_or_null(a->function),
			 "file", string_or_null(a->file), "line", integer_or_null(a->line),
			 "inner", "function", string_or_null(a->inner_function), "file", string_or_null(a->inner_file),
			 "line", integer_or_null(a->inner_line), "tasks", "mean", real_or_null(a->tasks), "max", integer_or_null(a->most));
}

json_t *json_awaiting_object(const struct dcbs_report *report)
{
	json_t *places;
	size_t i;

	if (report->await_looks == DCBS_UNKNOWN)
		return json_null();
	places = json_array();
	for (i = 0; i < report->nr_awaiting; i++)
		json_array_append_new(places, place_object(&report->awaiting[i]));
	return json_pack("{s:o, s:o, s:b, s:o}", "looks", integer_or_null(report->await_looks), "others", real_or_null(report->awaiting_others),
			 "more", report->awaiting_more, "places", places);
}

static void read_place(struct json_get *r, const json_t *o, struct dcbs_awaiting *to)
{
	const json_t *inner = json_get_object(r, o, "inner"), *tasks = json_get_object(r, o, "tasks");

	*to = (struct dcbs_awaiting) {
		.function = json_get_name(r, o, "function"), .file = json_get_string(r, o, "file"), .line = json_get_integer(r, o, "line"),
		.inner_function = json_get_name(r, inner, "function"), .inner_file = json_get_string(r, inner, "file"),
		.inner_line = json_get_integer(r, inner, "line"), .tasks = json_get_real(r, tasks, "mean"),
		.most = json_get_integer(r, tasks, "max"),
	};
}

void json_awaiting_read(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *o = json_get_object(r, doc, "awaiting");
	const json_t *array = json_get_array(r, o, "places", &to->awaiting, sizeof(*to->awaiting));
	size_t i;

	to->await_looks = json_get_integer(r, o, "looks");
	to->awaiting_others = json_get_real(r, o, "others");
	to->awaiting_more = json_is_true(json_object_get(o, "more"));
	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_awaiting = i + 1;
		read_place(r, json_get_enter(r, array, "awaiting.places", i), &to->awaiting[i]);
	}
	json_get_leave(r);
}
