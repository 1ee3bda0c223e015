/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * units.h - figures as people read them: three digits that matter and a unit. What is not known is "-".
 *
 * They come back by value: printf("%s", units_time(s).text). A full stop is the decimal sign in every locale.
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdint.h>

struct units {
	char text[32];
};

struct units units_time(double seconds);	/* 1.23 ms, 45.6 s, 2m05s, 2h03m, 3d04h */
struct units units_share(double share);		/* 0.62 -> 62.0% */
struct units units_size(double bytes);		/* 1.23 GiB */
struct units units_growth(double bytes);	/* +1.23 GiB, -4.00 KiB */
struct units units_count(int64_t n);		/* 99999, then 123k, 1.23M */
struct units units_number(double n);		/* the same for what need not be whole: 0.35, 12.3, 123k */
struct units units_exact(int64_t n);		/* 1,234,567 */

/* Without the space before the unit, for narrow columns. */
struct units units_tight(struct units u);

#endif
