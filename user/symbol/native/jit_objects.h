/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * jit_objects.h - functions that a process compiled at run time, as it registers them for debuggers.
 *
 * LLVM's MCJIT, and numba with it, keeps a list of object files in its memory: the JIT interface of GDB. The list is only read; a
 * debugger would stop the process at each change, which is not needed here. The process writes the list, so it may hold anything.
 */
#ifndef SYMBOL_NATIVE_JIT_OBJECTS_H
#define SYMBOL_NATIVE_JIT_OBJECTS_H

#include "base/budget.h"
#include "symbol/memory_map.h"
#include "symbol/store/ranges.h"
#include "symbol/target_memory.h"

struct jit_objects {
	__u64 descriptor;		/* address of the head of the list; 0: not found yet */
	__u64 checked_ns;		/* when the list was last looked for or read; 0: never */
	__u64 newest;			/* address of the entry that was registered last, as of then */
	size_t nr;			/* objects that were read */
	struct ranges ranges;		/* value: offset of the name in `names` */
	char *names;
	size_t names_used, names_room;
	bool cut;			/* some objects were left out: there were too many, or no time */
	struct budget_file budget;
};

/* The name of the function at an address, valid until the next call; NULL: no object has it. The map is that of the process `pid`. */
const char *jit_objects_find(struct jit_objects *jit, const struct target_memory *memory, const struct memory_map *map, pid_t pid,
			     __u64 address);

void jit_objects_free(struct jit_objects *jit);

#endif
