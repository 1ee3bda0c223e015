/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cause.h - the causes of a section's time, as a bar of letters, as numbers and as words. */
#ifndef RENDER_CAUSE_H
#define RENDER_CAUSE_H

#include <stdbool.h>
#include <stdio.h>

#include "dcbs/profiler.h"

/* Returns true if the causes were measured. */
bool cause_known(const struct dcbs_wall *wall);

/* Returns true if the causes of any section were measured. */
bool cause_any_known(const struct dcbs_report *report);

/* Writes a bar of exactly `columns` letters: the bar is the whole time, each letter stands for a cause. Spaces if unknown. */
void cause_bar(FILE *file, const struct dcbs_wall *wall, int columns, bool colour);

/* Writes the largest causes, up to three, as far as they fit: "C 62.0%  G 30.1%". Returns the columns used. */
int cause_largest(FILE *file, const struct dcbs_wall *wall, int columns);

/* Writes the same as words: "computing 62.0%, GIL 30.1%". Nothing if they are unknown. */
void cause_in_words(FILE *file, const struct dcbs_wall *wall);

/* The causes that take 1 % or more, one bit each; and the meaning of their letters: "C computing, G GIL". */
unsigned int cause_set(const struct dcbs_wall *wall);
void cause_legend(FILE *file, unsigned int set);

/* A verdict's cause in a word or two. NULL: unknown. */
const char *cause_word(enum dcbs_cause cause);

#endif
