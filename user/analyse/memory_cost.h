/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* memory_cost.h - the CPU time that a section's page faults took, and whether its memory grows, churns or leaks. */
#ifndef ANALYSE_MEMORY_COST_H
#define ANALYSE_MEMORY_COST_H

#include "analyse/verdict/subject.h"

/* The CPU time that page faults in the section's self time took, estimated. NAN: unknown. */
double memory_cost_s(const struct subject *s);

/* Returns true if pages came and stayed, and the faults explain a good part of the section's CPU time. */
bool memory_cost_is_growth(const struct subject *s);

/* Returns true if pages came and went, and the faults explain a good part of the section's CPU time. */
bool memory_cost_is_churn(const struct subject *s);

/* Returns true if most calls leave memory behind and the process keeps it. */
bool memory_cost_is_leak(const struct subject *s);

/* Returns true if the process grew by at least half of what the section did; otherwise other sections gave most of it back. */
bool memory_cost_is_kept(const struct subject *s);

#endif
