// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* seconds.c - times as people type them. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "cli/options/seconds.h"

static const struct {
	const char *unit;
	double seconds;
} units[] = {
	{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
};

/* Skips the unit at *at. Returns its seconds; 1 at the end of the text. NAN: there is no such unit. */
static double skip_unit(const char **at)
{
	size_t i, length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");

	if (!**at)
		return 1;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].unit) != length || strncmp(units[i].unit, *at, length))
			continue;
		*at += length;
		return units[i].seconds;
	}
	return NAN;
}

double seconds_parse(const char *text)
{
	double sum = 0, number, unit, before = INFINITY;
	const char *at = text;
	char *end;

	do {
		errno = 0;
		if (!isdigit((unsigned char)*at) && *at != '.' && at != text)
			return NAN;
		number = strtod(at, &end);
		if (errno || end == at || !isfinite(number))
			return NAN;
		at = end;
		unit = skip_unit(&at);
		if (!(unit < before))	/* the larger unit comes first; a number without a unit stands alone */
			return NAN;
		before = end == at ? 0 : unit;
		sum += number * unit;
	} while (*at);
	return before == 0 && strpbrk(text, "smhd") ? NAN : sum;
}
