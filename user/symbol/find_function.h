/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* find_function.h - finds the native functions of a name in a file that a process has mapped or could map. */
#ifndef SYMBOL_FIND_FUNCTION_H
#define SYMBOL_FIND_FUNCTION_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "symbol/binary_file.h"

#define FOUND_FUNCTIONS 32
#define FOUND_NAME_BYTES 256
#define FOUND_SLOTS 8

struct found_function {
	__u64 address, size;	/* as the file has them; size 0: unknown */
	__u64 offset;		/* of its entry in the file */
	bool ifunc;		/* the address is that of the function that chooses the one which is called */
	char name[FOUND_NAME_BYTES];	/* demangled, with its version */
};

/* It holds no pointer. */
struct found_functions {
	struct binary_file file;
	struct found_function list[FOUND_FUNCTIONS];
	size_t nr;
	bool has_parts;		/* parts of the function were split off it and are not in the list: they may be called in its place */
	bool is_part;		/* the list has such parts alone */
	char old_versions[FOUND_NAME_BYTES];	/* that are not in the list; "": none */
	__u64 slots[FOUND_SLOTS];	/* addresses in the process's memory that hold the address of what the IFUNC has chosen */
	size_t nr_slots;
};

/*
 * Finds all functions that the name stands for, see function_name.h, in the symbols of the file and of its debug file. binary: see
 * binary_file_find(). Of the versions of a symbol the present one counts, unless the name has one, as in foo@V. Returns 0 or -errno,
 * after it has reported the error in one line.
 */
int find_functions(struct found_functions *found, pid_t pid, const char *binary, const char *name);

#endif
