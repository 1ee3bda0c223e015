/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* comparison_histogram.h - the calls of a section on both sides as a picture. */
#ifndef RENDER_COMPARISON_COMPARISON_HISTOGRAM_H
#define RENDER_COMPARISON_COMPARISON_HISTOGRAM_H

#include <stdio.h>

#include "dcbs/profiler.h"

/* Writes an SVG element: bars of the share of calls by duration, those of NEW over those of OLD. Elements may be NULL. Nothing without calls. */
void comparison_histogram_write(FILE *file, const struct dcbs_section *const *old_sections, size_t nr_old,
				const struct dcbs_section *const *new_sections, size_t nr_new);

#endif
