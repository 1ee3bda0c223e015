// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* unwind.c - one step from a function to its caller on a copied stack. */
#include <string.h>

#include "symbol/unwind/unwind.h"

static bool read_stack_word(const struct unwind_stack *stack, __u64 address, __u64 *word)
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

	if (rule->outermost)
		return false;
	/* A caller's frame lies at a higher address, so no walk goes in circles. */
	if (frame <= stack->sp || !read_stack_word(stack, frame + (__u64)(__s64)r->return_at, &ip) || !ip ||
	    (r->bp_saved && !read_stack_word(stack, frame + (__u64)(__s64)r->bp_at, &stack->bp)))
		return false;
	stack->sp = frame;
	stack->ip = ip;
	return true;
}
