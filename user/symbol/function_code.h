/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * function_code.h - the places at which a native function is entered and left, found by decoding it.
 *
 * A function is left by its return instructions, and by jumps to other functions (tail calls). Probes on all of them see the
 * end of a call without a return probe, which would change the return address on the target's stack. The code is read in a
 * straight line through its range and through the parts that it jumps to, such as a compiler's ".cold" part. If it cannot be
 * read with certainty, it is refused with a reason. A function that is nothing but a jump to another one is taken for that one's code.
 * Reasons:
 *
 *	bytes that are no instruction, or a jump into the middle of one
 *	a jump into the middle of another function, or to code that no symbol and no unwind table bounds
 *	a conditional jump to another function, and an indirect jump that may be a jump table or a tail call
 *
 * The code belongs to the target and may hold anything: its size and the number of exits are bounded.
 */
#ifndef SYMBOL_FUNCTION_CODE_H
#define SYMBOL_FUNCTION_CODE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define FUNCTION_CODE_BYTES (1 << 20)	/* of one function, all parts together */
#define FUNCTION_CODE_PARTS 8
#define FUNCTION_CODE_EXITS 256

/* Addresses as the file has them. */
struct code_range {
	__u64 start, end;
};

enum code_place {
	CODE_UNKNOWN,		/* no symbol and no unwind table bounds the code there */
	CODE_FUNCTION,		/* another function begins there; an empty range: its end is unknown */
	CODE_INSIDE,		/* that is in the middle of another function */
	CODE_PART,		/* a part of this function that lies elsewhere */
	CODE_EITHER,		/* no symbol tells whether another function begins there or a part lies there */
};

/* The file that the function is in. */
struct code_source {
	/* Copies `size` bytes from `address`; returns 0 or -errno. */
	int (*read)(void *ctx, __u64 address, void *to, size_t size);
	/* Says what lies at an address outside of the function's ranges; stores the range of all but CODE_UNKNOWN and CODE_INSIDE. */
	enum code_place (*place)(void *ctx, __u64 address, struct code_range *part);
	void *ctx;
};

struct function_code {
	__u64 entry;			/* address of the first instruction behind endbr64 and nops: cheap to probe */
	__u64 exits[FUNCTION_CODE_EXITS];
	size_t nr_exits;		/* 0: it never returns */
	bool is_empty;			/* its entry is a return instruction */
};

/* Returns 0, or -ENOTSUP and a reason in words: "it jumps into the middle of another function". */
int function_code_read(struct function_code *code, const struct code_range *range, const struct code_source *source,
		       char *reason, size_t size);

#endif
