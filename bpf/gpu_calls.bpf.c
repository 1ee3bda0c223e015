// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_calls.bpf.c - times calls of the drivers of GPUs, and counts the memory that they take, by a probe at their entry and a return
 * probe.
 *
 * A return probe replaces the return address on the stack. It is used here because nothing unwinds through these functions or moves
 * their stack, and because the functions of older drivers end in a jump.
 *
 * A function may call another one of them: the outermost call counts. It is known by its place on the stack. If the place does not hold
 * the address of the kernel's trampoline any more, the call was left in another way, and the next one takes its place.
 *
 * A probe's cookie is GPU_COOKIE().
 */
#include "rules/gpu/gpu_memory.bpf.h"
#include "rules/gpu/gpu_time.bpf.h"

#define PAGE_MASK 4095

/* The trampoline is at the start of a page. */
static __always_inline bool gpu_call_is_open(u64 open_sp, u64 sp)
{
	u64 address = 0;

	if (!open_sp || open_sp <= sp)
		return false;
	return !bpf_probe_read_user(&address, sizeof(address), (void *)open_sp) && address && !(address & PAGE_MASK);
}

/* enum cudaMemcpyKind and hipMemcpyKind. */
static __always_inline u32 kind_of_way(u64 way)
{
	switch ((u32)way) {
	case 1: return GPU_TO_DEVICE;
	case 2: return GPU_TO_HOST;
	case 3: return GPU_ON_DEVICE;
	}
	return GPU_COPY;
}

static __always_inline void read_arguments(struct gpu_call *call, const struct pt_regs *ctx, u64 cookie)
{
	u64 bytes = PT_REGS_PARM3(ctx), way = PT_REGS_PARM4(ctx);

	call->kind = GPU_COOKIE_WAY(cookie) ? kind_of_way(way) : GPU_COOKIE_KIND(cookie);
	call->async = GPU_COOKIE_ASYNC(cookie);
	call->bytes = GPU_COOKIE_SIZED(cookie) && bytes < GPU_BYTES_MOST ? bytes : 0;
}

static __always_inline int on_memory_call(struct thread_account *account, struct task_struct *task, const struct pt_regs *ctx, u32 kind)
{
	u64 sp = PT_REGS_SP(ctx);

	if (gpu_call_is_open(account->gpu_memory.sp, sp))
		return 0;
	account->gpu_memory.sp = 0;
	barrier();
	begin_memory_call(&account->gpu_memory, task, ctx, kind);
	barrier();
	account->gpu_memory.sp = sp;
	return 0;
}

static long count_launch_in_section(u32 i, struct thread_account **a)
{
	struct thread_account *account = *a;
	struct open_section *s = open_section_at(account, i);
	struct gpu_sum *sum = gpu_sum_of(s->section_id);

	if (sum && s->first && (account->own || i >= account->nr_open))
		__sync_fetch_and_add(&sum->launches, 1);
	return 0;
}

/* The loop is apart, as a probe's functions must need little of the stack. */
static __noinline int count_launch_in_sections(struct thread_account *account)
{
	struct gpu_sum *outside;

	if (!account)
		return 0;
	if (has_charged_sections(account)) {
		bpf_loop(nr_all_open(account), count_launch_in_section, &account, 0);
		return 0;
	}
	outside = gpu_sum_of(SECTION_OUTSIDE);
	if (outside)
		__sync_fetch_and_add(&outside->launches, 1);
	return 0;
}

static __noinline int count_launch(struct task_struct *task, struct process *process)
{
	struct thread_account *account;

	if (!task || !process)
		return 0;
	__sync_fetch_and_add(&counters.gpu_launches, 1);
	if (!throttle.gpu_census)
		return 0;
	account = account_lock(task);
	if (!account)
		return 0;
	open_sections_update(account, task, process);
	count_launch_in_sections(account);
	account_unlock(account);
	return 0;
}

static __always_inline int on_untimed_call(struct thread_account *account, struct task_struct *task, struct process *process,
					   const struct pt_regs *ctx, u32 kind)
{
	return kind == GPU_LAUNCH ? count_launch(task, process) : on_memory_call(account, task, ctx, kind);
}

SEC("uprobe")
int on_gpu_call(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 sp = PT_REGS_SP(ctx), now, cookie;
	struct process *process = process_of(task);
	struct thread_account *account;

	if (!process || !window.start_ns || window.end_ns)
		return 0;
	account = account_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!account || account->dead)
		return 0;
	cookie = bpf_get_attach_cookie(ctx);
	if (!GPU_KIND_IS_TIMED(GPU_COOKIE_KIND(cookie)))
		return on_untimed_call(account, task, process, ctx, GPU_COOKIE_KIND(cookie));
	if (gpu_call_is_open(account->gpu.sp, sp))
		return 0;
	account->gpu.sp = 0;
	barrier();
	read_arguments(&account->gpu, ctx, cookie);
	now = bpf_ktime_get_ns();
	account->gpu.begun_ns = now;
	gpu_note_waits(account, now);
	barrier();
	account->gpu.sp = sp;
	return 0;
}

static __always_inline void charge_ended_call(struct task_struct *task, struct process *process, u64 now)
{
	struct thread_account *account = account_lock(task);

	if (!account)
		return;
	open_sections_update(account, task, process);
	gpu_charge(account, now, 1);
	account->gpu.sp = 0;
	account_unlock(account);
}

/* The driver returns 0, or the number of an error. */
static __noinline int on_memory_return(struct thread_account *account, struct task_struct *task, struct process *process, u32 error)
{
	if (!account || !task || !process)
		return 0;
	__sync_fetch_and_add(&counters.gpu_memory_calls, 1);
	account->gpu_memory.sp = 0;
	if (window.end_ns)
		return 0;
	if (gives_back(account->gpu_memory.kind))
		return end_giving(&account->gpu_memory, error);
	account->gpu_memory.piece.nr_sections = 0;
	if (account_lock(task)) {
		open_sections_update(account, task, process);
		list_piece_sections(account);
		account_unlock(account);
	} else {
		__sync_fetch_and_add(&counters.gpu_memory_unplaced, 1);
	}
	return end_taking(&account->gpu_memory, error);
}

/* The return address has been popped by then. */
SEC("uretprobe")
int on_gpu_return(struct pt_regs *ctx)
{
	u64 now = bpf_ktime_get_ns(), sp = PT_REGS_SP(ctx) - sizeof(u64);
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct thread_account *account;

	if (!process)
		return 0;
	account = account_of(task, 0);
	if (!account)
		return 0;
	if (account->gpu.sp != sp)
		return account->gpu_memory.sp == sp ? on_memory_return(account, task, process, PT_REGS_RC(ctx)) : 0;
	__sync_fetch_and_add(&counters.gpu_calls, 1);
	if (now - account->gpu.begun_ns < GPU_IDLE_NS)
		__sync_fetch_and_add(&counters.gpu_short_calls, 1);
	charge_ended_call(task, process, now);
	return 0;
}
