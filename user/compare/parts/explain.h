/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* explain.h - what a change of a section is made of: causes, a section inside it, and how its calls are distributed. */
#ifndef COMPARE_PARTS_EXPLAIN_H
#define COMPARE_PARTS_EXPLAIN_H

#include "compare/comparison.h"

/* Fills in causes, shape and because of all sections. The subjects are in the order of subjects_fill(). -ENOMEM: no memory. */
int explain_sections(struct comparison *c);

#endif
