// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_slices.c - see json_slices.h. */
#include <math.h>

#include "render/json/json_ledger.h"
#include "render/json/json_value.h"
#include "render/slices/json_slices.h"

/* ---- writing ---- */

static json_t *reals_array(const double *values, size_t nr)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(array, real_or_null(values[i]));
	return array;
}

static json_t *integers_array(const int64_t *values, size_t nr)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(array, integer_or_null(values[i]));
	return array;
}

json_t *json_slices_window(const struct dcbs_slices *s)
{
	if (!s->nr)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "width_s", real_or_null(s->width_s), "count", json_integer((json_int_t)s->nr),
			 "end_s", reals_array(s->end_s, s->nr), "rss_bytes", integers_array(s->rss_bytes, s->nr),
			 "left_out", integer_or_null(s->left_out));
}

json_t *json_slices_section(const struct dcbs_section_slices *s)
{
	json_t *o;
	size_t i;

	if (!s->nr)
		return json_null();
	o = json_pack("{s:o, s:o}", "count", integers_array(s->count, s->nr), "total_s", reals_array(s->total_s, s->nr));
	for (i = 0; o && i < DCBS_WALL_FIELDS; i++) {
		const char *key = json_ledger_wall_key(i);

		if (key && s->wall_s[i] && json_object_set_new(o, key, reals_array(s->wall_s[i], s->nr))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

json_t *json_slices_trend(const struct dcbs_trend *t)
{
	if (isnan(t->warm_up_s) && isnan(t->change))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "warm_up_s", real_or_null(t->warm_up_s),
			 "warm_up_factor", real_or_null(t->warm_up_factor), "change", real_or_null(t->change),
			 "change_error", real_or_null(t->change_error), "over_s", real_or_null(t->over_s));
}

/* ---- reading ---- */

void json_slices_read_window(struct json_get *r, const json_t *doc, struct dcbs_slices *to)
{
	const json_t *o = json_get_object(r, doc, "slices");
	size_t nr = json_array_size(json_object_get(o, "end_s"));

	to->width_s = json_get_real(r, o, "width_s");
	if (!o)
		return;
	if (!nr || json_get_integer(r, o, "count") != (int64_t)nr)
		json_get_wrong(r, "slices", "an object with a value for each slice");
	to->end_s = json_get_reals(r, o, "end_s", nr);
	to->rss_bytes = json_get_integers(r, o, "rss_bytes", nr);
	to->left_out = json_get_integer(r, o, "left_out");
	to->nr = nr;
}

static void read_trend(struct json_get *r, const json_t *o, struct dcbs_trend *to)
{
	*to = (struct dcbs_trend) {
		.warm_up_s = json_get_real(r, o, "warm_up_s"), .warm_up_factor = json_get_real(r, o, "warm_up_factor"),
		.change = json_get_signed_real(r, o, "change"), .change_error = json_get_real(r, o, "change_error"),
		.over_s = json_get_real(r, o, "over_s"),
	};
}

void json_slices_read_section(struct json_get *r, const json_t *section, struct dcbs_section *to, const struct dcbs_slices *window)
{
	const json_t *o = json_get_object(r, section, "slices");
	size_t i;

	read_trend(r, json_get_object(r, section, "trend"), &to->trend);
	if (!o)
		return;
	to->slices.nr = window->nr;
	to->slices.count = json_get_integers(r, o, "count", window->nr);
	to->slices.total_s = json_get_reals(r, o, "total_s", window->nr);
	for (i = 0; i < DCBS_WALL_FIELDS; i++) {
		const char *key = json_ledger_wall_key(i);

		if (key && json_object_get(o, key))
			to->slices.wall_s[i] = json_get_reals(r, o, key, window->nr);
	}
}
