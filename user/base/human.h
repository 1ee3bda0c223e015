/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * human.h - figures as people read them: three digits that matter and a unit. What is not known is "-".
 *
 * They come back by value: printf("%s", human_time(s).text). A full stop is the decimal sign in every locale.
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
struct human human_growth(double bytes);	/* +1.23 GiB, -4.00 KiB */
struct human human_count(int64_t n);		/* 99999, then 123k, 1.23M */
struct human human_number(double n);		/* the same for what need not be whole: 0.35, 12.3, 123k */
struct human human_exact(int64_t n);		/* 1,234,567 */

/* Without the space before the unit, for narrow columns. */
struct human human_tight(struct human u);

#endif
