/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* decoder.h - what is known of a function while it is decoded. */
#ifndef SYMBOL_CODE_DECODER_H
#define SYMBOL_CODE_DECODER_H

#include <capstone/capstone.h>

#include "symbol/code/code_types.h"

#define DECODER_LAST 16		/* instructions before an indirect jump among which its target is looked for */

/* One instruction, as far as it matters. */
struct instruction {
	__u64 address;
	__u8 length, prefixes;		/* bytes; legacy prefixes among them */
};

struct jump {
	__u64 from, to;
	bool conditional;
};

struct decoder {
	const struct code_source *source;
	csh handle;
	struct function_code *code;
	struct code_range parts[FUNCTION_CODE_PARTS];
	size_t nr_parts;
	struct instruction *instructions;	/* ascending within each part */
	size_t nr_instructions, room_instructions;
	struct jump *jumps;			/* direct ones, checked when all parts are read */
	size_t nr_jumps, room_jumps;
	size_t bytes;
	bool jumps_by_table;			/* to places that are not in `jumps` */
	cs_insn *last[DECODER_LAST];		/* the instructions before the current one, in a ring */
	size_t nr_last;
	char *reason;
	size_t reason_size;
};

/* Loads the library that decodes. Returns false if it is not installed. Called before any of its functions. */
bool decoder_load(void);

/* Stores the reason and returns -ENOTSUP. */
int decoder_refuse(struct decoder *d, const char *reason);

bool decoder_is_jump(const cs_insn *insn);

/* Returns true if some direct jump of the function leads to the address. */
bool decoder_is_jumped_to(const struct decoder *d, __u64 address);

/* Returns true if the instruction writes to the register. */
bool decoder_writes(const cs_insn *insn, x86_reg reg);

#endif
