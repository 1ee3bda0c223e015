/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* subject.h - a section under judgement, and the form of the rules that it is judged by. */
#ifndef ANALYSE_VERDICT_SUBJECT_H
#define ANALYSE_VERDICT_SUBJECT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dcbs/profiler.h"

/* A section, or the threads' time outside of sections. */
struct subject {
	const struct dcbs_report *report;
	const struct dcbs_section *section;
	struct dcbs_wall wall;	/* the part of the section's time that is judged */
	double total_s;		/* what `wall` adds up to */
	const char *scope;	/* a remark on which part that is; NULL: all of the section's time */
	double others_cpu_s;	/* CPU time in the window of the threads of the targets that never had a section */
};

/* One thing that can be wrong with a section. A rule has `part`, `applies` or both. */
struct rule {
	enum dcbs_cause cause;
	const char *what;				/* the text that names it; NULL: none */
	double (*part)(const struct subject *s);	/* the seconds that it accounts for; NULL: none */
	bool (*applies)(const struct subject *s);	/* NULL: it applies to every subject */
	/* Writes the numbers that support it; NULL: none. */
	void (*evidence)(FILE *to, const struct subject *s, const struct rule *rule);
	const char *advice;				/* NULL: none */
};

/* Returns true if the section is DCBS_OUTSIDE, and not one that a target gave that name. */
static inline bool subject_is_outside(const struct dcbs_section *section)
{
	return section->count == DCBS_UNKNOWN && !strcmp(section->name, DCBS_OUTSIDE);
}

#endif
