/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * human.h - numbers as people read them: three significant digits and a unit; "-" for an unknown or negative number.
 *
 * The text is returned by value: printf("%s", human_time(s).text). The decimal sign is a full stop in every locale.
 */
#ifndef BASE_HUMAN_H
#define BASE_HUMAN_H

#include <stdint.h>

struct human {
	char text[32];
};

struct human human_time(double seconds);	/* 1.23 ms, 45.6 s, 2m05s, 2h03m, 3d04h */
struct human human_share(double share);		/* 0.62 -> 62.0% */
struct human human_size(double bytes);		/* 1.23 GiB */
struct human human_growth(double bytes);	/* +1.23 GiB, -4.00 KiB; a negative number is shown */
struct human human_count(int64_t n);		/* 99999, then 123k, 1.23M */
struct human human_number(double n);		/* 0.35, 12.3, 123k */
struct human human_exact(int64_t n);		/* 1,234,567 */

/*
 * The same, but without digits that are smaller than the standard deviation `error`: 2.4 s, 60%. error NAN or 0: all digits.
 */
struct human human_time_within(double seconds, double error);
struct human human_share_within(double share, double error);

/* The same text without the space before the unit, for narrow columns. */
struct human human_tight(struct human u);

#endif
