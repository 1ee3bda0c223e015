/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * unwind.h - from a place in a program to who called it, by what the compiler has noted for exceptions (.eh_frame).
 *
 * Rules of the common kind only: the caller's frame is so far from a register, and what was saved of the
 * caller is so far from there.
 */
#ifndef SYMBOL_UNWIND_UNWIND_H
#define SYMBOL_UNWIND_UNWIND_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Of a place. */
struct unwind_rule {
	bool known;
	bool by_bp;		/* the frame is told by bp, not by sp */
	bool bp_saved;		/* at bp_at from the frame; else it is the caller's still */
	__s32 frame_at, return_at, bp_at;
};

/* A copy of a stack, and the registers. */
struct unwind_stack {
	__u64 ip, sp, bp;
	const unsigned char *bytes;	/* from where sp pointed at first */
	__u64 start;			/* which is this address */
	size_t size;
};

/* To the caller; without a known rule, by frame pointers. False: that is not in the copy. */
bool unwind_step(struct unwind_stack *stack, const struct unwind_rule *rule);

#endif
