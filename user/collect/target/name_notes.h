/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* name_notes.h - what the report says about which functions an option --section names. */
#ifndef COLLECT_TARGET_NAME_NOTES_H
#define COLLECT_TARGET_NAME_NOTES_H

#include "collect/notes.h"
#include "dcbs/profiler.h"
#include "symbol/find_function.h"

/* Adds notes if the option names several functions, or not the one that its name alone suggests. */
void name_notes_add(const struct found_functions *found, pid_t pid, const struct dcbs_native_section *option, struct notes *notes);

#endif
