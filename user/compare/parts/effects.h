/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* effects.h - each metric of each subject on both sides: how large a change is, and whether it is more than chance. */
#ifndef COMPARE_PARTS_EFFECTS_H
#define COMPARE_PARTS_EFFECTS_H

#include "compare/comparison.h"

/* Fills in the effects of all subjects, with their verdicts. root: see metric_of_section(). Returns -ENOMEM without memory. */
int effects_fill(struct comparison *c, const struct comparison_subject *root);

/* The effect of one metric on a subject. Its adjusted_p and verdict are not filled in. */
struct comparison_effect effects_measure(const struct comparison *c, const struct comparison_subject *subject,
					 const struct metric *metric, const struct comparison_subject *root);

/* The probability that the new side's mean is not beyond an amount, though its values are as they are. NAN: too few of them. */
double effects_p_beyond(const struct comparison *c, const struct comparison_subject *subject, const struct limit *limit,
			const struct comparison_subject *root);

/* Returns true if the effect is more than chance: the interval is without 0, and so says the permutation test. */
bool effects_is_change(const struct comparison *c, const struct comparison_effect *e);

#endif
