/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_value.h - values of the document; what is not known is null. */
#ifndef RENDER_JSON_JSON_VALUE_H
#define RENDER_JSON_JSON_VALUE_H

#include <jansson.h>
#include <math.h>

#include "dcbs/profiler.h"

static inline json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static inline json_t *integer(int64_t v)
{
	return v == DCBS_UNKNOWN ? json_null() : json_integer(v);
}

#endif
