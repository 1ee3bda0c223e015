// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* human.c - numbers as short text. printf() gets integers only, so that the locale cannot change the decimal sign. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dcbs/profiler.h"
#include "base/human.h"

#define DIGITS_LIMIT 1e15	/* of a larger number only the order of magnitude is shown */

struct unit_step {
	double size;
	const char *unit;
};

static const struct human unknown = {"-"};

/*
 * A mean of few calls is often exactly half way between two texts. A saved session keeps 15 digits of it; the small addition
 * makes both the figure and what was read back print the same text.
 */
static double settle_tie(double v)
{
	return v * (1 + 1e-12);
}

/* v >= 0 with three significant digits, or rounded to a whole number from 99.95 on. */
static void print_number(struct human *u, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
	int64_t scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
	int64_t n = llround(v * scale);

	if (decimals)
		snprintf(u->text, sizeof(u->text), "%" PRId64 ".%0*" PRId64 "%s", n / scale, decimals, n % scale, unit);
	else
		snprintf(u->text, sizeof(u->text), "%" PRId64 "%s", n, unit);
}

/* Prints v in the first unit in which it is below `limit`, or else in the last one. */
static struct human print_scaled(double v, const struct unit_step *steps, size_t nr, double limit)
{
	struct human u;
	size_t i = 0;

	assert(nr);
	v = settle_tie(v);
	while (i + 1 < nr && v / steps[i].size >= limit)
		i++;
	print_number(&u, v / steps[i].size, steps[i].unit);
	return u;
}

static struct human print_magnitude(double v, const char *unit)
{
	struct human u;

	snprintf(u.text, sizeof(u.text), "1e%d%s", (int)floor(log10(v)), unit);
	return u;
}

static struct human print_two_units(int64_t large, const char *unit, int64_t small, const char *small_unit)
{
	struct human u;

	snprintf(u.text, sizeof(u.text), "%" PRId64 "%s%02" PRId64 "%s", large, unit, small, small_unit);
	return u;
}

struct human human_time(double s)
{
	static const struct unit_step steps[] = {{1e-9, " ns"}, {1e-6, " \302\265s"}, {1e-3, " ms"}, {1, " s"}};
	int64_t n;

	if (isnan(s) || s < 0)
		return unknown;
	if (s > DIGITS_LIMIT)
		return print_magnitude(s, " s");
	if (s == 0)
		return (struct human){"0 s"};
	s = settle_tie(s);
	if (s < 59.95)
		return print_scaled(s, steps, 4, 999.5);
	n = llround(s);
	if (n < 3600)
		return print_two_units(n / 60, "m", n % 60, "s");
	n = llround(s / 60);
	if (n < 24 * 60)
		return print_two_units(n / 60, "h", n % 60, "m");
	n = llround(s / 3600);
	return print_two_units(n / 24, "d", n % 24, "h");
}

/*
 * In tenths of a percent. A share of few samples is often exactly half way between two tenths. A saved session rounds its
 * last digits; the small addition makes both print the same tenth.
 */
#define TIE_UP 1e-4

struct human human_share(double share)
{
	struct human u;
	int tenths;

	if (isnan(share) || share < 0)
		return unknown;
	if (share > DIGITS_LIMIT)
		return print_magnitude(share * 100, "%");
	share = settle_tie(share);
	if (share > 0 && share < 0.0005)
		return (struct human){"<0.1%"};
	if (share < 0.9995 - TIE_UP / 1000) {
		tenths = (int)lround(share * 1000 + TIE_UP);
		snprintf(u.text, sizeof(u.text), "%d.%d%%", tenths / 10, tenths % 10);
	} else
		snprintf(u.text, sizeof(u.text), "%lld%%", llround(share * 100));
	return u;
}

/* The power of ten of the first digit of the error. An error that is a power of ten but for its last digits is read back as one. */
static double step_of_error(double error)
{
	return pow(10, floor(log10(settle_tie(error))));
}

static bool has_error(double v, double error)
{
	return !isnan(v) && v >= 0 && v < DIGITS_LIMIT && error > 0 && error < DIGITS_LIMIT;
}

/* Cuts the decimals of a text like "2.40 s" to `digits`. */
static struct human cut_decimals(struct human u, int digits)
{
	char *point = strchr(u.text, '.'), *unit;
	size_t have;

	if (!point)
		return u;
	have = strspn(point + 1, "0123456789");
	unit = point + 1 + have;
	if (digits < (int)have)
		memmove(digits > 0 ? point + 1 + digits : point, unit, strlen(unit) + 1);
	return u;
}

struct human human_time_within(double s, double error)
{
	double step, unit;

	if (!has_error(s, error))
		return human_time(s);
	step = step_of_error(error);
	s = round(settle_tie(s / step)) * step;
	for (unit = 1; unit > 1e-9 && s / unit < 0.9995; unit *= 1e-3)
		;
	return cut_decimals(human_time(s), (int)lround(log10(unit / step)));
}

struct human human_share_within(double share, double error)
{
	double step;

	if (!has_error(share, error))
		return human_share(share);
	step = step_of_error(error);
	if (step >= 1)
		return unknown;
	return cut_decimals(human_share(round(settle_tie(share / step)) * step), (int)lround(log10(0.01 / step)));
}

struct human human_size(double bytes)
{
	static const struct unit_step steps[] = {
		{1, " B"}, {1024, " KiB"}, {1 << 20, " MiB"}, {1 << 30, " GiB"}, {1099511627776.0, " TiB"},
	};
	struct human u;

	if (isnan(bytes) || bytes < 0)
		return unknown;
	if (bytes > DIGITS_LIMIT * 1000)
		return print_magnitude(bytes, " B");
	if (bytes >= 999.5)
		return print_scaled(bytes, steps, 5, 999.5);
	snprintf(u.text, sizeof(u.text), "%d B", (int)lround(settle_tie(bytes)));
	return u;
}

struct human human_growth(double bytes)
{
	struct human u = human_size(fabs(bytes));

	if (isnan(bytes) || !bytes)
		return u;
	memmove(u.text + 1, u.text, sizeof(u.text) - 1);
	u.text[0] = bytes < 0 ? '-' : '+';
	return u;
}

struct human human_number(double n)
{
	static const struct unit_step steps[] = {{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}};

	if (isnan(n) || n < 0)
		return unknown;
	if (n > DIGITS_LIMIT)
		return print_magnitude(n, "");
	if (n == 0)
		return (struct human){"0"};
	if (n >= 999.5 && n < 99999.5)
		return print_scaled(n, steps, 1, 0);
	return print_scaled(n, steps, 5, 999.5);
}

struct human human_count(int64_t n)
{
	struct human u;

	if (n == DCBS_UNKNOWN || n < 0)
		return unknown;
	if (n > 99999)
		return human_number((double)n);
	snprintf(u.text, sizeof(u.text), "%" PRId64, n);
	return u;
}

struct human human_exact(int64_t n)
{
	struct human u = unknown;
	char digits[24];
	int i, len, to = 0;

	if (n == DCBS_UNKNOWN || n < 0)
		return u;
	len = snprintf(digits, sizeof(digits), "%" PRId64, n);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			u.text[to++] = ',';
		u.text[to++] = digits[i];
	}
	u.text[to] = 0;
	return u;
}

struct human human_tight(struct human u)
{
	char *space = strchr(u.text, ' ');

	if (space)
		memmove(space, space + 1, strlen(space));
	return u;
}
