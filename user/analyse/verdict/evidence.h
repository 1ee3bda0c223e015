/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* evidence.h - the numbers that support a verdict, as one line of text. */
#ifndef ANALYSE_VERDICT_EVIDENCE_H
#define ANALYSE_VERDICT_EVIDENCE_H

#include "analyse/verdict/hot_code.h"
#include "analyse/verdict/subject.h"

/* For struct rule.evidence. */
void evidence_alone(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_workers(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_child_processes(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_beside(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_competitors(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_ran(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_launches(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_in_driver(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_spun(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_hangs(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_ran_for_it(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_each_call(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_in_flight(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_major(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_growth(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_churn(FILE *to, const struct subject *s, const struct rule *rule);
void evidence_leak(FILE *to, const struct subject *s, const struct rule *rule);

/*
 * The whole line. `second`: the rule with the next largest part of the time; NULL: none. `hot`: the known code that it was found
 * in. To be freed; NULL: no memory.
 */
char *evidence_line(const struct subject *s, const struct rule *rule, const struct rule *second, const struct hot_code *hot);

#endif
