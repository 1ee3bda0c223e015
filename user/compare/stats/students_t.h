/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* students_t.h - Student's t distribution. The degrees of freedom need not be whole. */
#ifndef COMPARE_STATS_STUDENTS_T_H
#define COMPARE_STATS_STUDENTS_T_H

/* The probability that |T| is at least |t|. */
double students_t_two_sided(double t, double freedom);

/* The t that |T| does not exceed with this probability. */
double students_t_limit(double confidence, double freedom);

#endif
