/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* parents.h - which section contains which, as far as samples of the stack show it. */
#ifndef ANALYSE_STACKS_PARENTS_H
#define ANALYSE_STACKS_PARENTS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills `parent` of the report's sections, which must be complete. Returns 0 or -ENOMEM. */
int parents_fill(struct dcbs_report *report, const struct snapshot *snap);

#endif
