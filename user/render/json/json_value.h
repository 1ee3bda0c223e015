/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_value.h - values for the document; unknown ones are null. */
#ifndef RENDER_JSON_JSON_VALUE_H
#define RENDER_JSON_JSON_VALUE_H

#include <jansson.h>
#include <math.h>

#include "dcbs/profiler.h"

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

#endif
