/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* unknown.h - integers of a report as floating-point numbers, in which "unknown" is NAN. */
#ifndef RENDER_UNKNOWN_H
#define RENDER_UNKNOWN_H

#include <math.h>

#include "dcbs/profiler.h"

static inline double unknown_to_nan(int64_t n)
{
	return n == DCBS_UNKNOWN ? NAN : (double)n;
}

#endif
