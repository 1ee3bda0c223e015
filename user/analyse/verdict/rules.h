/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* rules.h - why a section is slow, or grows: a table with one row for each thing that can be wrong. */
#ifndef ANALYSE_VERDICT_RULES_H
#define ANALYSE_VERDICT_RULES_H

#include <stdio.h>

#include "dcbs/profiler.h"

/* What is judged: a section, or what happened outside of any. */
struct subject {
	const struct dcbs_report *report;
	const struct dcbs_section *section;
	struct dcbs_wall wall;	/* its time as far as it counts */
	double total_s;		/* of that */
	const char *scope;	/* what of the section is meant, in words; NULL: all of it */
};

/* A row. Either `part`, time that it stands for, or `applies`, or both. */
struct rule {
	enum dcbs_cause cause;
	const char *what;	/* is going on */
	double (*part)(const struct dcbs_wall *wall);
	bool (*applies)(const struct subject *s);
	void (*figures)(FILE *to, const struct subject *s, const struct rule *rule);	/* that prove it */
	const char *advice;
};

/* The row that explains most of the time. Never NULL: there is one for "cannot tell". */
const struct rule *rules_judge(const struct subject *s);

/* The row that explains most of what `first` does not. NULL: there is nothing else. */
const struct rule *rules_second(const struct subject *s, const struct rule *first);

/* The row for memory that is lost with every call, whatever the time goes into. NULL: it is not. */
const struct rule *rules_leak(const struct subject *s);

/* Has it lost so much that this is worse than the time it takes? */
bool rules_leak_first(const struct subject *s);

#endif
