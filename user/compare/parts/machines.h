/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* machines.h - what makes two sides unlike besides the program: machines, versions, loads, losses. */
#ifndef COMPARE_PARTS_MACHINES_H
#define COMPARE_PARTS_MACHINES_H

#include "compare/comparison.h"

/* Adds one warning for each difference. Returns -ENOMEM without memory. */
int machines_warn(struct comparison *c);
void machines_free(struct comparison *c);

/* Returns an error if one session is given twice: it would count as evidence twice. */
int machines_check_sessions(const struct comparison *c);

#endif
