/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_notes.h - what the report says about the calls of the functions of --section, and why one has none. */
#ifndef COLLECT_TARGET_FUNCTION_NOTES_H
#define COLLECT_TARGET_FUNCTION_NOTES_H

#include "collect/target/function_probes.h"

/* Notes each function whose calls are so short that the probes distort them. */
void function_notes_short(const struct function_probes *probes, const struct programs *bpf, const struct calibration *costs,
			  struct notes *notes);

/* Called now and then: some targets may have mapped the file of a function by now. */
void function_notes_look(struct function_probes *probes, const struct target_list *targets, __u64 now);

/* Notes why a section has no calls. */
void function_notes_unused(struct function_probes *probes, const struct programs *bpf, const struct target_list *targets,
			   struct notes *notes);

#endif
