/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_sections.h - the sections of several sessions as one list. */
#ifndef ANALYSE_MERGE_MERGE_SECTIONS_H
#define ANALYSE_MERGE_MERGE_SECTIONS_H

#include "dcbs/profiler.h"

/* Adds the sections of a session, whose place in the list of the report's sessions is `at`. Returns 0 or -ENOMEM. */
int merge_sections_add(struct dcbs_report *to, const struct dcbs_report *session, size_t at);

/* Called when all sessions were added and duration_s is known: percentiles, rates, and the order of the list. */
void merge_sections_finish(struct dcbs_report *to);

#endif
