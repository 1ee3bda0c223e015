/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_lookup.h - finds the functions of --section in a file of a target, and the code where they are probed. */
#ifndef COLLECT_TARGET_FUNCTION_LOOKUP_H
#define COLLECT_TARGET_FUNCTION_LOOKUP_H

#include "collect/target/code_check.h"
#include "dcbs/profiler.h"
#include "symbol/find_function.h"
#include "symbol/function_places.h"

/* The functions that one option names. It holds no pointer: see host/isolate.h. */
struct functions_named {
	int err;
	char error[1024];
	struct found_functions found;
};

/* One of them. */
struct function_lookup {
	int err;
	char error[1024];
	char name[FOUND_NAME_BYTES];
	struct function_places places;
	struct code_place entry, exits[FUNCTION_PLACES_MAX];
};

/*
 * The file belongs to the target, so it is parsed by a process without rights while the profiler has all of its own. Both return 0,
 * or -errno with a line that says what is wrong. An IFUNC is replaced by the function that the process has chosen.
 */
int function_lookup_names(struct functions_named *named, const struct target *target, const struct dcbs_native_section *option);

/* Stores a descriptor of the file for probes in *fd. */
int function_lookup(struct function_lookup *code, int *fd, const struct target *target, const struct found_functions *found, size_t i);

#endif
