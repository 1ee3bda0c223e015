/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* parents.h - which section contains which, as far as samples of the stack show it. */
#ifndef ANALYSE_STACKS_PARENTS_H
#define ANALYSE_STACKS_PARENTS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills `parent` of the report's sections, which must be complete. Returns 0 or -ENOMEM. */
int parents_fill(struct dcbs_report *report, const struct snapshot *snap);

/* Returns false if samples show `inside` in other sections than `around`. Where they do not show it in any, it may be inside. */
bool parents_may_contain(const struct dcbs_report *report, const struct dcbs_section *around, const struct dcbs_section *inside);

#endif
