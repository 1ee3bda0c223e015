/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* section_ids.h - the ids of sections and caches: one for each name of each kind, for all processes. */
#ifndef COLLECT_KERNEL_SECTION_IDS_H
#define COLLECT_KERNEL_SECTION_IDS_H

#include "collect/kernel/programs.h"

/* Returns the id of a name, reserved if the name is new; 0: there is no room. */
__u32 section_ids_reserve(struct programs *bpf, const struct section_name *name);

/* The same for a section of --section. That of a Python function is marked as sampled. */
__u32 section_ids_reserve_option(struct programs *bpf, const struct dcbs_native_section *option);

/* Returns true if an option --section names a Python function. */
bool section_ids_option_is_python(const struct dcbs_native_section *option);

#endif
