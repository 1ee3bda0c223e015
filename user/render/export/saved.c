// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* saved.c - numbers as a saved session has them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/export/saved.h"

#define DIGITS 15	/* of the JSON document, see json.c */
#define MOST 9e18	/* fits into 63 bits */

double saved_number(double value)
{
	char text[40];

	if (!isfinite(value))
		return value;
	snprintf(text, sizeof(text), "%.*g", DIGITS, value);
	return strtod(text, NULL);
}

uint64_t saved_units(double value, double scale)
{
	double units = saved_number(value) * scale;

	return units > 0 ? (uint64_t)llround(fmin(units, MOST)) : 0;
}
