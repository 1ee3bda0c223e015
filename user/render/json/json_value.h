/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_value.h - values for the document; unknown ones are null. */
#ifndef RENDER_JSON_JSON_VALUE_H
#define RENDER_JSON_JSON_VALUE_H

#include <jansson.h>
#include <math.h>

#include "dcbs/profiler.h"
#include "render/json/json_words.h"

static inline json_t *real_or_null(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static inline json_t *integer_or_null(int64_t v)
{
	return v == DCBS_UNKNOWN ? json_null() : json_integer(v);
}

static inline json_t *string_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static inline json_t *word_or_null(const struct json_words *words, int value)
{
	return string_or_null(json_words_of(words, value));
}

/* Moves the members of `more` into o. Takes both; NULL: one could not be built. */
static inline json_t *join_objects(json_t *o, json_t *more)
{
	if (!o || !more || json_object_update(o, more)) {
		json_decref(o);
		o = NULL;
	}
	json_decref(more);
	return o;
}

#endif
