// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* students_t.c - Student's t distribution, by the regularised incomplete beta function. */
#include <float.h>
#include <math.h>

#include "compare/stats/students_t.h"

#define FRACTION_STEPS 500	/* the continued fraction needs some ten of them; more for thousands of degrees of freedom */
#define BISECTIONS 200
#define T_MOST 1e9

static double away_from_zero(double v)
{
	return fabs(v) < DBL_MIN / DBL_EPSILON ? DBL_MIN / DBL_EPSILON : v;
}

/* The continued fraction of the incomplete beta function, by Lentz's method. It converges for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
	int m;

	for (m = 1; m <= FRACTION_STEPS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), factor;

		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		value *= c * d;
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		factor = c * d;
		value *= factor;
		if (fabs(factor - 1) < 4 * DBL_EPSILON)
			break;
	}
	return value;
}

/* The regularised incomplete beta function I_x(a, b), with 1 - x given apart: it may be too small to be computed from x. */
static double beta_part(double a, double b, double x, double rest)
{
	int sign;
	double front;

	if (x <= 0)
		return 0;
	if (rest <= 0)
		return 1;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log(rest));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, rest) / b;
}

double students_t_two_sided(double t, double freedom)
{
	double squared = t * t;

	if (isnan(t) || !(freedom > 0))
		return NAN;
	if (isinf(squared))
		return 0;
	return beta_part(freedom / 2, 0.5, freedom / (freedom + squared), squared / (freedom + squared));
}

double students_t_limit(double confidence, double freedom)
{
	double low = 0, high = T_MOST, middle;
	int i;

	if (!(freedom > 0) || !(confidence >= 0 && confidence < 1))
		return NAN;
	for (i = 0; i < BISECTIONS && high - low > 1e-12 * high; i++) {
		middle = low > 1 ? sqrt(low * high) : (low + fmin(high, 4)) / 2;
		if (students_t_two_sided(middle, freedom) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return high;
}
