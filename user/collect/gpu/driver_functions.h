/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * driver_functions.h - the functions of a GPU's driver that wait, copy, or take and give back its memory, and their places in the
 * driver's file.
 *
 * The file belongs to the target and may be hostile. It is read by pread() alone, each table within bounds, so that a process that has
 * rights may read it, too.
 */
#ifndef COLLECT_GPU_DRIVER_FUNCTIONS_H
#define COLLECT_GPU_DRIVER_FUNCTIONS_H

#include <stdbool.h>
#include <linux/types.h>

#include "bpfprof/gpu.h"
#include "host/uprobe_place.h"
#include "symbol/library_kind.h"

#define DRIVER_CODE_BYTES 16
#define DRIVER_FUNCTIONS_MAX 96

struct driver_function {
	__u64 offset;		/* of its entry in the file */
	__u64 cookie;		/* GPU_COOKIE() */
	unsigned char code[DRIVER_CODE_BYTES];	/* there */
};

/* It holds no pointer. */
struct driver_functions {
	struct driver_function list[DRIVER_FUNCTIONS_MAX];
	__u32 nr;
	bool stepped;		/* at the entry of some function is an instruction that the kernel has to step over */
};

/* Functions that are probed together. */
enum driver_group { DRIVER_CALLS, DRIVER_MEMORY, DRIVER_LAUNCHES, DRIVER_GROUPS };

enum driver_group driver_functions_group(__u64 cookie);

/* Returns true if functions of that kind of library are known. */
bool driver_functions_are_known(enum library_kind kind);

/* Finds those that the file exports. A place that cannot be probed without harm is left out. Returns 0 or -ENOEXEC. */
int driver_functions_find(struct driver_functions *functions, int fd);

/* Returns true if all of these places are entries of such functions of the file. */
bool driver_functions_have(int fd, const struct uprobe_places *places);

#endif
