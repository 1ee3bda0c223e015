/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* changed_functions.h - functions whose self time in a section changed by more than samples can err. */
#ifndef COMPARE_PARTS_CHANGED_FUNCTIONS_H
#define COMPARE_PARTS_CHANGED_FUNCTIONS_H

#include "compare/comparison.h"

/* Fills in the functions of all sections. The subjects are in the order of subjects_fill(). -ENOMEM: no memory. */
int changed_functions_fill(struct comparison *c);

#endif
