/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* rules.h - the table of what makes a section slow or makes it grow, and the choice of the rule that fits. */
#ifndef ANALYSE_VERDICT_RULES_H
#define ANALYSE_VERDICT_RULES_H

#include "analyse/verdict/subject.h"

/* The rule that explains most of the time; never NULL. Its cause is DCBS_CAUSE_UNKNOWN if nothing explains any. */
const struct rule *rules_judge(const struct subject *s);

/* The rule with the largest part of the time among those of other causes than `first`. NULL: there is none. */
const struct rule *rules_second(const struct subject *s, const struct rule *first);

/* The rule for memory that every call leaves behind, whatever takes the time. NULL: the section does not leak. */
const struct rule *rules_leak(const struct subject *s);

/* The same for the memory of a GPU. */
const struct rule *rules_gpu_leak(const struct subject *s);

/* The rule for a main thread that waits for worker processes outside of sections. */
const struct rule *rules_worker_wait(void);

/* Returns true if the leak is reported before the time: it is at least 64 MiB, and 1 MiB per second of the section. */
bool rules_leak_first(const struct subject *s);

#endif
