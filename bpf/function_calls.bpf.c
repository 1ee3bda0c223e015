// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * function_calls.bpf.c - times functions that carry no marker, by probes at their entry and at the ends of their calls.
 *
 * A call is known by its place on a stack: the stack pointer at its entry, where the return address lies. The stack pointer has
 * the same value at each of the function's return instructions and tail jumps, so a probe there finds the call again, on
 * whatever thread, and whatever calls other fibers have made meanwhile. A return probe (--return-probes) finds it one word
 * further.
 *
 * A call may end otherwise: by an exception, longjmp() or the end of its thread. Then a later call takes its place, or the
 * thread's own stack shrinks past it. Such calls are not timed. User space counts them: they began, and have neither returned
 * nor are still open.
 *
 * In an off-period there are no probes at the ends. If calls are long, entries are still noted, so that a call is timed if its end
 * falls into an on-period, whenever it began: which calls are timed does not depend on how long they take. Short calls that
 * begin in an off-period are counted alone. Waits are charged to calls that began in the present on-period.
 *
 * A probe's cookie is CALL_COOKIE().
 */
#include "slow/slow_calls.bpf.h"
#include "state/process_parts.bpf.h"
#include "state/stack_place.bpf.h"

static __always_inline struct function_call *call_at(struct function_calls *list, u32 i)
{
	return &list->call[i & (BPFPROF_CALLS - 1)];
}

static __always_inline bool is_same_key(const struct call_key *a, const struct call_key *b)
{
	return a->sp == b->sp && a->function == b->function && a->stack == b->stack;
}

static __always_inline struct function_calls *list_of(struct task_struct *task, u64 flags)
{
	struct function_calls *list = bpf_task_storage_get(&open_calls, task, NULL, flags);

	if (list && list->generation != throttle.calls_generation) {
		list->generation = throttle.calls_generation;
		list->depth = 0;
		list->innermost.function = 0;
	}
	return list;
}

static __noinline int add_slow_call(u32 section_id, u64 ns, u64 end_ns)
{
	struct function_calls *list = list_of(bpf_get_current_task_btf(), BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!list)
		return 0;
	list->slow.section_id = section_id;
	list->slow.ns = ns;
	list->slow.end_ns = end_ns;
	list->slow.items = list->slow.flags = 0;
	slow_call_add(&list->slow);
	return 0;
}

static __noinline int add_timed_call(const struct open_call *call, u64 ns, u64 end_ns)
{
	u32 section_id = call->section_id;
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);
	u64 self = ns - (call->inner_ns < ns ? call->inner_ns : ns), total = call->recursive ? 0 : ns;

	if (!stat)
		return 0;
	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, ns);
	if (ns > stat->slow_ns)
		add_slow_call(section_id, ns, end_ns);
	store_max(&stat->min_inv_ns, ~ns);
	add_duration(stat, section_id, ns);
	if (!(call->flags & OPEN_CALL_OBSERVED))
		self = total = 0;
	else
		__sync_fetch_and_add(&stat->observed_ns, ns);
	__sync_fetch_and_add(&stat->self_ns, self);
	__sync_fetch_and_add(&stat->total_ns, total);
	if (!one_target)
		part_add(section_id, 1, ns, total, self);
	return 0;
}

/* ---- a call begins ---- */

/* Returns true if the call cannot return any more: its stack has shrunk past it, or its return address is gone. */
static __always_inline bool is_abandoned(struct function_calls *list, struct function_call *call)
{
	if (call->key.stack)
		return call->key.stack == list->key.stack && call->key.sp >= list->key.sp;
	if (call->own_stack != list->own_stack)
		return false;
	if (call->own_stack)
		return call->key.sp <= list->key.sp;
	return !bpf_probe_read_user(&list->found_address, sizeof(u64), (void *)call->key.sp) &&
	       list->found_address != call->return_address;
}

static long drop_abandoned_call(u32 i, struct function_calls **l)
{
	struct function_calls *list = *l;
	u32 depth = list->depth;
	struct function_call *top;

	if (!depth)
		return 1;
	top = call_at(list, depth - 1);
	if (!is_abandoned(list, top))
		return 1;
	bpf_map_delete_elem(&calls, &top->key);
	if (is_same_key(&list->innermost, &top->key))
		list->innermost.function = 0;
	list->depth = depth - 1;
	return 0;
}

/* Returns true if a call further out on the same stack encloses the new one. Nothing is known about the order of fibers' stacks. */
static __always_inline bool encloses(struct function_calls *list, const struct call_key *key, u32 own_stack)
{
	if (list->key.stack)
		return key->stack == list->key.stack && key->sp < list->key.sp;
	return own_stack && list->own_stack && key->sp > list->key.sp;
}

/* Looks for an open call of the same section that encloses the new one. */
static long find_recursion(u32 i, struct function_calls **l)
{
	struct function_calls *list = *l;
	struct function_call *call;

	if (i >= list->depth)
		return 1;
	call = call_at(list, i);
	if (call->section_id != list->section_id || !encloses(list, &call->key, call->own_stack))
		return 0;
	list->recursive = 1;
	return 1;
}

static __always_inline void set_parent(struct function_calls *list)
{
	struct function_call *top = call_at(list, list->depth - 1);

	__builtin_memset(&list->open.parent, 0, sizeof(list->open.parent));
	if (list->innermost.function && encloses(list, &list->innermost, list->innermost_own))
		list->open.parent = list->innermost;
	else if (list->depth && encloses(list, &top->key, top->own_stack))
		list->open.parent = top->key;
}

/* A call that finds no room in the list is timed all the same, but its waits are charged to its callers alone. */
static __always_inline void push_call(struct function_calls *list)
{
	struct function_call *call;

	list->innermost = list->key;
	list->innermost_own = list->own_stack;
	if (list->depth >= BPFPROF_CALLS)
		return;
	call = call_at(list, list->depth);
	call->key = list->key;
	call->section_id = list->section_id;
	call->own_stack = list->own_stack;
	call->return_address = list->open.return_address;
	call->start_ns = list->open.start_ns;
	list->depth++;
}

/* Finds the new call's place among the calls of its thread. */
static __noinline int enter_list(struct function_calls *list)
{
	list->recursive = 0;
	bpf_loop(BPFPROF_CALLS, drop_abandoned_call, &list, 0);
	bpf_loop(BPFPROF_CALLS, find_recursion, &list, 0);
	set_parent(list);
	list->open.recursive = list->recursive;
	return 0;
}

static __noinline int call_begins(struct task_struct *task, struct function_calls *list)
{
	bool on = throttle.calls_off == CALLS_ON;

	list->open.section_id = list->section_id;
	list->open.tid = task->pid;
	list->open.inner_ns = 0;
	list->open.generation = throttle.calls_generation;
	list->open.flags = (on ? OPEN_CALL_OBSERVED : 0) | (list->own_stack ? OPEN_CALL_OWN_STACK : 0);
	list->open.recursive = 0;
	list->open.parent.function = 0;
	if (list->key.stack || bpf_probe_read_user(&list->open.return_address, sizeof(u64), (void *)list->key.sp))
		list->open.return_address = 0;
	if (on)
		enter_list(list);
	list->open.start_ns = bpf_ktime_get_ns();
	if (on)
		push_call(list);
	list->serial++;
	if (bpf_map_update_elem(&calls, &list->key, &list->open, BPF_ANY))
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
	return 0;
}

SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 cookie = bpf_get_attach_cookie(ctx);
	u32 section_id = CALL_SECTION(cookie);
	struct function_calls *list;
	struct section_stat *stat;

	if (!process_of(task) || !window.start_ns || window.end_ns || throttle.calls_off == CALLS_GIVEN_UP)
		return 0;
	__sync_fetch_and_add(&counters.calls, 1);
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (!stat)
		return 0;
	stat->kind = DCBS_NAME_SECTION;
	__sync_fetch_and_add(&stat->begun, 1);
	if (throttle.calls_off == CALLS_COUNTED)
		return 0;
	list = list_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!list) {
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
		return 0;
	}
	list->section_id = section_id;
	if (CALL_FLAGS(cookie) & CALL_EMPTY) {
		__builtin_memset(&list->open, 0, sizeof(list->open));
		list->open.section_id = section_id;
		add_timed_call(&list->open, 0, 0);
		return 0;
	}
	stack_place(ctx, task, cookie, PT_REGS_SP(ctx), &list->key);
	list->own_stack = !list->key.stack && on_own_stack(task, list, list->key.sp);
	call_begins(task, list);
	return 0;
}

/* ---- a call ends ---- */

/* Finds a call in the list of its thread, from the innermost one outwards. */
static long find_in_list(u32 i, struct function_calls **l)
{
	struct function_calls *list = *l;
	u32 depth = list->depth;

	if (i >= depth)
		return 1;
	if (!is_same_key(&call_at(list, depth - 1 - i)->key, &list->key))
		return 0;
	list->found = depth - i;
	return 1;
}

/* Calls of other fibers, which are further up in the list, move down by one. */
static long move_down(u32 i, struct function_calls **l)
{
	struct function_calls *list = *l;
	u32 at = list->found - 1 + i;

	if (at + 1 >= list->depth)
		return 1;
	*call_at(list, at) = *call_at(list, at + 1);
	return 0;
}

static __noinline int leave_list(struct task_struct *task, const struct call_key *key, const struct open_call *call)
{
	struct function_calls *list = list_of(task, 0);

	if (!list)
		return 0;
	list->key = *key;
	list->found = 0;
	if (is_same_key(&list->innermost, key))
		list->innermost = call->parent;
	bpf_loop(BPFPROF_CALLS, find_in_list, &list, 0);
	if (!list->found)
		return 0;
	if (list->found < list->depth)
		bpf_loop(BPFPROF_CALLS, move_down, &list, 0);
	list->depth--;
	list->serial++;
	return 0;
}

/* A call that is not there began before the window, or found no room. */
static __noinline int call_ends(struct task_struct *task, const struct call_key *key, u64 now)
{
	struct open_call *call = bpf_map_lookup_elem(&calls, key), *parent;
	u64 ns;

	if (!call)
		return 0;
	if (call->generation < throttle.calls_valid)
		goto forget;
	if (window.end_ns && now > window.end_ns) {
		call->flags |= OPEN_CALL_ENDED_LATE;
		return 0;
	}
	ns = now - call->start_ns;
	parent = call->parent.function ? bpf_map_lookup_elem(&calls, &call->parent) : NULL;
	if (parent)
		__sync_fetch_and_add(&parent->inner_ns, ns);
	add_timed_call(call, ns, now);
	leave_list(task, key, call);
forget:
	bpf_map_delete_elem(&calls, key);
	return 0;
}

/* sp: at the call's return address, which a return instruction has yet to pop. */
static __always_inline int on_leave(struct pt_regs *ctx, u64 sp)
{
	u64 now = bpf_ktime_get_ns(), cookie = bpf_get_attach_cookie(ctx);
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_key key;

	if (!process_of(task))
		return 0;
	__sync_fetch_and_add(&counters.call_ends, 1);
	stack_place(ctx, task, cookie, sp, &key);
	call_ends(task, &key, now);
	return 0;
}

SEC("uprobe")
int on_call_end(struct pt_regs *ctx)
{
	return on_leave(ctx, PT_REGS_SP(ctx));
}

/* The return address has been popped by then. */
SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	return on_leave(ctx, PT_REGS_SP(ctx) - sizeof(u64));
}
