// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* unwind.c - from a place in a program to who called it. */
#include <dwarf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/unwind.h"

#define BP 6		/* x86-64's numbers */
#define SP 7
#define RETURN 16

static bool frame_of(Dwarf_Frame *frame, struct unwind_rule *rule)
{
	Dwarf_Op *ops;
	size_t nr;

	if (dwarf_frame_cfa(frame, &ops, &nr) || nr != 1 || ops->atom != DW_OP_bregx || (ops->number != BP && ops->number != SP))
		return false;
	rule->by_bp = ops->number == BP;
	rule->frame_at = (__s32)(__s64)ops->number2;
	return true;
}

/* Where a register was saved, from the frame. False: it was not, or it takes more to tell. */
static bool saved_at(Dwarf_Frame *frame, int number, __s32 *at, bool *same)
{
	Dwarf_Op memory[3], *ops;
	size_t nr;

	*same = false;
	if (dwarf_frame_register(frame, number, memory, &ops, &nr))
		return false;
	*same = !nr && !ops;
	if (!nr || nr > 2 || ops[0].atom != DW_OP_call_frame_cfa || (nr == 2 && ops[1].atom != DW_OP_plus_uconst))
		return false;
	*at = nr == 2 ? (__s32)(__s64)ops[1].number : 0;
	return true;
}

struct unwind_rule unwind_rule_find(Dwarf_CFI *cfi, __u64 address)
{
	struct unwind_rule rule = {0};
	Dwarf_Frame *frame;
	bool same;

	if (dwarf_cfi_addrframe(cfi, address, &frame))
		return rule;
	if (frame_of(frame, &rule) && saved_at(frame, RETURN, &rule.return_at, &same)) {
		rule.bp_saved = saved_at(frame, BP, &rule.bp_at, &same);
		rule.known = rule.bp_saved || same;
	}
	free(frame);
	return rule;
}

static bool word_at(const struct unwind_stack *stack, __u64 address, __u64 *word)
{
	__u64 at = address - stack->start;

	if (at >= stack->size || stack->size - at < sizeof(*word))
		return false;
	memcpy(word, stack->bytes + at, sizeof(*word));
	return true;
}

bool unwind_step(struct unwind_stack *stack, const struct unwind_rule *rule)
{
	const struct unwind_rule by_pointer = {.by_bp = true, .bp_saved = true, .frame_at = 16, .return_at = -8, .bp_at = -16};
	const struct unwind_rule *r = rule->known ? rule : &by_pointer;
	__u64 frame = (r->by_bp ? stack->bp : stack->sp) + (__u64)(__s64)r->frame_at, ip;

	/* Frames lie one above the other. */
	if (frame <= stack->sp || !word_at(stack, frame + (__u64)(__s64)r->return_at, &ip) || !ip ||
	    (r->bp_saved && !word_at(stack, frame + (__u64)(__s64)r->bp_at, &stack->bp)))
		return false;
	stack->sp = frame;
	stack->ip = ip;
	return true;
}
