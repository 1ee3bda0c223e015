/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* judge_limits.h - is a limit exceeded, and is that more than chance? */
#ifndef COMPARE_PARTS_JUDGE_LIMITS_H
#define COMPARE_PARTS_JUDGE_LIMITS_H

#include "compare/comparison.h"

/* Judges each limit for each subject that it names. Returns an error if a limit names none. root: see metric_of_section(). */
int judge_limits(struct comparison *c, const struct comparison_subject *root);

#endif
