/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_memory.h - memory of GPUs that sections took, and whether one keeps it from call to call. */
#ifndef ANALYSE_GPU_MEMORY_H
#define ANALYSE_GPU_MEMORY_H

#include "analyse/verdict/subject.h"
#include "collect/facts.h"

/* section: index of the snapshot's sections; snap->nr_sections: the time outside of all. */
void gpu_memory_fill(struct dcbs_section *to, const struct snapshot *snap, __u16 section);

void gpu_memory_fill_report(struct dcbs_report *to, const struct snapshot *snap);

bool gpu_memory_is_leak(const struct subject *s);

void gpu_memory_leak_evidence(FILE *to, const struct subject *s, const struct rule *rule);

#endif
