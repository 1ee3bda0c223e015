/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * stack_place.bpf.h - the place of a call on a stack, and whether that is the thread's own stack.
 *
 * On its own stack a thread's calls end in the reverse order of their beginning, so a call whose place the stack pointer has
 * passed is over. Fibers and signal handlers have stacks of their own, about whose order nothing is known.
 */
#ifndef BPF_STATE_STACK_PLACE_H
#define BPF_STATE_STACK_PLACE_H

#include "state/maps.bpf.h"

#define STACK_GROWTH (64UL << 20)	/* the main thread's stack may have grown so far below its known start */
#define GO_STACK_END 8			/* offset of g.stack.hi in the runtime's struct g: stack is its first field */

static long note_own_stack(struct task_struct *task, struct vm_area_struct *vma, struct function_calls **l)
{
	struct function_calls *list = *l;

	(void)task;
	list->stack_start = BPF_CORE_READ(vma, vm_start);
	list->stack_end = BPF_CORE_READ(vma, vm_end);
	return 0;
}

/* Some address on the thread's own stack. A C library keeps the data of other threads than the first at the end of their stacks. */
static __always_inline u64 own_stack_address(struct task_struct *task)
{
	return task->pid == task->tgid ? BPF_CORE_READ(task, mm, start_stack) : thread_pointer(task);
}

static __always_inline bool on_own_stack(struct task_struct *task, struct function_calls *list, u64 sp)
{
	bool grown = task->pid == task->tgid && sp < list->stack_start && list->stack_start - sp < STACK_GROWTH;

	if (!list->stack_end || grown)
		bpf_find_vma(task, own_stack_address(task), note_own_stack, &list, 0);
	return sp >= list->stack_start && sp < list->stack_end;
}

/*
 * Stores the place of the call that begins or ends. Go's runtime moves the stack of a goroutine when it grows, so a place there
 * is the goroutine, which the register r14 has at both ends of a function, and the distance from the end of its stack.
 */
static __always_inline void stack_place(struct pt_regs *ctx, struct task_struct *task, u64 cookie, u64 sp, struct call_key *key)
{
	key->sp = sp;
	key->stack = 0;
	key->tgid = task->tgid;
	key->function = CALL_FUNCTION(cookie);
#if defined(__TARGET_ARCH_x86)
	if (!(CALL_FLAGS(cookie) & CALL_GO))
		return;
	key->stack = ctx->r14;
	if (!bpf_probe_read_user(&key->sp, sizeof(key->sp), (void *)(ctx->r14 + GO_STACK_END)))
		key->sp -= sp;
#endif
}

#endif
