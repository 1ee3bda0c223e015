/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* code_names.h - names the functions of Python frames; each code object is read once. */
#ifndef SYMBOL_PYTHON_CODE_NAMES_H
#define SYMBOL_PYTHON_CODE_NAMES_H

#include "bpfprof/abi.h"
#include "symbol/store/cache.h"
#include "symbol/python/source_names.h"
#include "symbol/store/intern.h"
#include "symbol/symbol.h"
#include "symbol/target_memory.h"

struct code_names {
	pid_t pid;
	struct target_memory memory;
	struct python_layout layout;	/* minor 0: no Python */
	struct intern *intern;
	struct source_names sources;
	struct cache codes;		/* struct code_object by address and tag */
};

void code_names_init(struct code_names *names, pid_t pid, const struct target_memory *memory, struct intern *intern);

/* Sets the layout of the process's interpreter; NULL: none. If it is another one, the code objects read before are dropped. */
void code_names_use(struct code_names *names, const struct python_layout *layout);

/* Names a frame, as symbols_python() does. */
bool code_names_find(struct code_names *names, const struct python_frame *frame, struct symbol *symbol);

void code_names_free(struct code_names *names);

#endif
