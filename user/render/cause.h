/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cause.h - what the time went into, as a bar of letters and as figures. */
#ifndef RENDER_CAUSE_H
#define RENDER_CAUSE_H

#include <stdbool.h>
#include <stdio.h>

#include "dcbs/profiler.h"

/* Was it measured? */
bool cause_known(const struct dcbs_wall *wall);

/* Exactly that many columns, each a cause's letter; all of them together are the whole time. */
void cause_bar(FILE *file, const struct dcbs_wall *wall, int columns);

/* The largest causes, as many as fit and matter: "C 62.0%  G 30.1%". Returns the columns used. */
int cause_shares(FILE *file, const struct dcbs_wall *wall, int columns);

/* The causes that occur, one bit each; and what their letters mean: "C computing, G interpreter lock". */
unsigned int cause_set(const struct dcbs_wall *wall);
void cause_legend(FILE *file, unsigned int set);

/* A verdict's cause in a word or two. NULL: unknown. */
const char *cause_word(enum dcbs_cause cause);

#endif
