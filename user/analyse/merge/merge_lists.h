/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_lists.h - functions, operators, stacks and caches of several sessions, each as one list. */
#ifndef ANALYSE_MERGE_MERGE_LISTS_H
#define ANALYSE_MERGE_MERGE_LISTS_H

#include "dcbs/profiler.h"

/* Each fills a list of the report, whose sections are complete, from those of the sessions. They return 0 or -ENOMEM. */
int merge_functions(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr);
int merge_operators(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr);
int merge_caches(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr);

/* Too many stacks are left out, all of them: *left_out is their number then. */
int merge_stacks(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr, size_t *left_out);

/* The section that was looked for last: elements of a section stand together. Begins as all zeros. */
struct merge_last_section {
	const char *name;
	size_t place;
};

/* The place of a section in the report; behind all others if there is none of that name. */
size_t merge_section_place(const struct dcbs_report *r, const char *name, struct merge_last_section *last);

#endif
