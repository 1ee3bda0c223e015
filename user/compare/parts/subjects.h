/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* subjects.h - the sections and caches of all sessions, each once. */
#ifndef COMPARE_PARTS_SUBJECTS_H
#define COMPARE_PARTS_SUBJECTS_H

#include "compare/comparison.h"

/* Fills in the subjects, by name, without their effects. Returns -ENOMEM without memory. */
int subjects_fill(struct comparison *c);
void subjects_free(struct comparison *c);

/* The section around all others: the one with the most time on the old side. NULL: there is none in all sessions. */
const struct comparison_subject *subjects_root(const struct comparison *c);

/* Returns the section of that name, or NULL. The subjects are in the order of subjects_fill(). */
const struct comparison_subject *subjects_find(const struct comparison *c, const char *name);

#endif
