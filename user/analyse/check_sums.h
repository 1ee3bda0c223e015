/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* check_sums.h - holds every figure of a report against the whole that it is a part of. */
#ifndef ANALYSE_CHECK_SUMS_H
#define ANALYSE_CHECK_SUMS_H

#include "dcbs/profiler.h"

#define CHECK_SUMS_BROKEN "Figures contradict each other, which is an error of this profiler: "

/* Adds one note, which begins with CHECK_SUMS_BROKEN, if figures of the report contradict each other. Returns 0 or -ENOMEM. */
int check_sums(struct dcbs_report *r);

#endif
