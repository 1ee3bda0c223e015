/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* saved.h - numbers as a saved session has them, so that its report gives the same bytes as the first one. */
#ifndef RENDER_EXPORT_SAVED_H
#define RENDER_EXPORT_SAVED_H

#include <stdint.h>

/* The number with the digits that the JSON document has. NAN stays NAN. */
double saved_number(double value);

/* saved_number(value) * scale, rounded to a whole number. 0 for NAN and for what is negative. */
uint64_t saved_units(double value, double scale);

#endif
