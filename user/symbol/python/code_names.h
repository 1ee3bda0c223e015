/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* code_names.h - the functions that Python frames are in; each code object is read once. */
#ifndef SYMBOL_PYTHON_CODE_NAMES_H
#define SYMBOL_PYTHON_CODE_NAMES_H

#include "bpfprof/abi.h"
#include "symbol/store/cache.h"
#include "symbol/store/intern.h"
#include "symbol/symbol.h"
#include "symbol/target_memory.h"

struct python_names {
	struct target_memory memory;
	struct python_layout layout;	/* minor 0: no Python */
	struct intern *strings;
	struct cache codes;		/* struct python_code by address and tag */
};

void python_names_init(struct python_names *names, const struct target_memory *memory, struct intern *strings);

/* The process's interpreter is this one now; what was read of another is forgotten. layout: NULL for none. */
void python_names_use(struct python_names *names, const struct python_layout *layout);

bool python_names_find(struct python_names *names, const struct python_frame *frame, struct symbol *symbol);

void python_names_free(struct python_names *names);

#endif
