/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_lookup.h - finds a function of --section in a file of a target, and the code where it is probed. */
#ifndef COLLECT_TARGET_FUNCTION_LOOKUP_H
#define COLLECT_TARGET_FUNCTION_LOOKUP_H

#include "collect/target/code_check.h"
#include "dcbs/profiler.h"
#include "symbol/function_places.h"

/* It holds no pointer: see host/isolate.h. */
struct function_lookup {
	int err;
	char error[1024];
	struct function_places places;
	struct code_place entry, exits[FUNCTION_PLACES_MAX];
};

/*
 * The file belongs to the target, so it is parsed by a process without rights while the profiler has all of its own. Stores a
 * descriptor of the file for probes in *fd. Returns 0, or -errno with a line that says what is wrong.
 */
int function_lookup(struct function_lookup *found, int *fd, pid_t pid, const struct dcbs_native_section *option);

#endif
