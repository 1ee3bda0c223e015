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
#ifndef SYMBOL_CODE_FUNCTION_CODE_H
#define SYMBOL_CODE_FUNCTION_CODE_H

#include "symbol/code/code_types.h"

/* Returns 0, or -ENOTSUP and a reason in words: "it jumps into the middle of another function". */
int function_code_read(struct function_code *code, const struct code_range *range, const struct code_source *source,
		       char *reason, size_t size);

#endif
