/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* hot_code.h - what the samples show a section to do: known code that has a known remedy. */
#ifndef ANALYSE_VERDICT_HOT_CODE_H
#define ANALYSE_VERDICT_HOT_CODE_H

#include "analyse/verdict/subject.h"

/* The words for a wait for worker processes, in a section and outside of all. */
#define WORKER_WAIT "waiting for worker processes"
#define WORKER_WAIT_ADVICE "use more workers, let them prefetch (num_workers, prefetch_factor), or make the slowest worker's items cheaper"

/* Known code in which a part of the time was found. */
struct hot_code {
	const struct hot_rule *rule;	/* NULL: none */
	double share;			/* of the sampled time that the rule looks at, 0 to 1 */
	const char *function;		/* in which most of it was found; owned by the report */
};

/* One kind of known code. */
struct hot_rule {
	const char *what;		/* "spinning at a barrier or for work" */
	enum dcbs_cause cause;		/* of the verdict; DCBS_CAUSE_UNKNOWN: that of the rule for the time */
	const char *advice;
};

/* Returns the known code that explains most of the time for which `rule` was chosen. */
struct hot_code hot_code_find(const struct subject *s, const struct rule *rule);

/* The part of the running time of a section's samples in which a thread only waited for others. NAN: there are no samples. */
double hot_code_spinning(const struct dcbs_report *r, const char *section);

/* The time in which a main thread was found to wait for worker processes outside of sections. */
double hot_code_worker_wait_s(const struct dcbs_report *r);

#endif
