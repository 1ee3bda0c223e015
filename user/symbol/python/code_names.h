/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* code_names.h - the functions that Python frames are in; each code object is read once. */
#ifndef SYMBOL_PYTHON_CODE_NAMES_H
#define SYMBOL_PYTHON_CODE_NAMES_H

#include "bpfprof/abi.h"
#include "symbol/store/cache.h"
#include "symbol/store/intern.h"
#include "symbol/symbol.h"
#include "symbol/target_memory.h"

struct code_names {
	struct target_memory memory;
	struct python_layout layout;	/* minor 0: no Python */
	struct intern *strings;
	struct cache codes;		/* struct code_object by address and tag */
};

void code_names_init(struct code_names *names, const struct target_memory *memory, struct intern *strings);

/* The process's interpreter is this one now; what was read of another is forgotten. layout: NULL for none. */
void code_names_use(struct code_names *names, const struct python_layout *layout);

bool code_names_find(struct code_names *names, const struct python_frame *frame, struct symbol *symbol);

void code_names_free(struct code_names *names);

#endif
