/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* memory_cost.h - whether memory that comes and goes explains a section's time, and whether it is lost for good. */
#ifndef ANALYSE_MEMORY_COST_H
#define ANALYSE_MEMORY_COST_H

#include "analyse/verdict/rules.h"

/* CPU time that the section's own page faults took, about. NAN: unknown. */
double memory_cost_s(const struct subject *s);

/* Pages came and stayed; that took a good part of the section's CPU time. */
bool memory_cost_is_growth(const struct subject *s);

/* Pages came and went; likewise. */
bool memory_cost_is_churn(const struct subject *s);

/* Most calls leave memory behind, and nobody gives it back. */
bool memory_cost_is_leak(const struct subject *s);

/* Did the process grow by what the section took, or did others give it back? */
bool memory_cost_is_kept(const struct subject *s);

#endif
