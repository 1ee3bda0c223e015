/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * unwind.h - one step from a function to its caller on a copied stack, by a rule from .eh_frame or by frame pointers.
 *
 * Only rules of the common kind are supported: the caller's frame lies at an offset from a register, and the saved registers
 * lie at offsets from that frame.
 */
#ifndef SYMBOL_UNWIND_UNWIND_H
#define SYMBOL_UNWIND_UNWIND_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* How to find the caller from one address. */
struct unwind_rule {
	bool known;
	bool outermost;		/* nothing has called it: a thread or a process begins there; never together with `known` */
	bool by_bp;		/* the frame is relative to bp, else to sp */
	bool bp_saved;		/* at bp_at from the frame; else bp still has the caller's value */
	__s32 frame_at, return_at, bp_at;
};

/* A copied stack and the registers. */
struct unwind_stack {
	__u64 ip, sp, bp;
	const unsigned char *bytes;	/* the copy, from the first sp on */
	__u64 start;			/* address of its first byte */
	size_t size;
};

/* Steps to the caller; without a known rule, by frame pointers. Returns false if the caller's frame is not in the copy. */
bool unwind_step(struct unwind_stack *stack, const struct unwind_rule *rule);

#endif
