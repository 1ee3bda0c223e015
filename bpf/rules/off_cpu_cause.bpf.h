/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * off_cpu_cause.bpf.h - why a thread is off its CPU, from its state, its system call, and the object that this
 * call waits for.
 *
 * cause_of() runs when the thread is switched out, or for a thread that was off its CPU when observation began. If the call has
 * a time limit, or waits for a set of files, cause_at_end() looks again when the thread is switched in: a wait that lasted until
 * its limit was for the time, and the file that is ready ended the wait.
 */
#ifndef BPF_RULES_OFF_CPU_CAUSE_H
#define BPF_RULES_OFF_CPU_CAUSE_H

#include "rules/waited_object.bpf.h"

#define TASK_INTERRUPTIBLE 1

#define F_SETLKW	7
#define F_OFD_SETLKW	38

#define IORING_ENTER_GETEVENTS	1
#define IORING_ENTER_EXT_ARG	8
#define IORING_ENTER_REGISTERED_RING 16

#define LIMIT_MOST_S	(366 * 86400)	/* a longer one is no limit */

static __always_inline u64 limit_in_ms(u64 ms)
{
	return (s32)ms > 0 ? (u64)(s32)ms * 1000000 : 0;
}

/* The call that a thread is in, while it is off its CPU. */
struct blocked_call {
	u64 task;		/* address */
	s64 number;		/* negative: it is in none */
	u64 argument[5];
};

/* A limit that the current task has in its memory, as seconds and a number of smaller units. */
__weak __noinline u64 limit_at(u64 address, u32 unit_ns)
{
	s64 limit[2];

	if (!address || bpf_probe_read_user(limit, sizeof(limit), (void *)address) || limit[0] < 0 || limit[0] > LIMIT_MOST_S ||
	    limit[1] < 0 || limit[1] > 1000000000)
		return 0;
	return limit[0] * 1000000000ULL + limit[1] * unit_ns;
}

static __always_inline u64 limit_of(const struct blocked_call *call, u64 address, u32 unit_ns)
{
	return has_memory(call->task) ? limit_at(address, unit_ns) : 0;
}

/* io_uring_enter()'s struct io_uring_getevents_arg. */
static __always_inline u64 limit_of_ring(const struct blocked_call *call)
{
	u64 at = 0;

	if (!(call->argument[3] & IORING_ENTER_EXT_ARG) || !has_memory(call->task) ||
	    bpf_probe_read_user(&at, sizeof(at), (void *)(call->argument[4] + 16)))
		return 0;
	return limit_at(at, 1);
}

/* A sub-interpreter may have a GIL of its own, from Python 3.12 on. Other processes pay one test for that. */
static __always_inline u32 cause_of_futex(const struct process *process, u64 address)
{
	u64 key = gil_key(process->index, address);

	if (address - process->gil_start < process->gil_end - process->gil_start)
		return CAUSE_GIL;
	return process->sub_gils && bpf_map_lookup_elem(&gils, &key) ? CAUSE_GIL : CAUSE_LOCK;
}

/* Calls that wait for files, or for the end of a time limit, whichever comes first. */
static __always_inline u32 causes_of_limited_call(struct thread_account *account, const struct blocked_call *call, u32 kind)
{
	const u64 *argument = call->argument;

	switch (kind) {
	case SYSCALL_POLL:
		account->limit_ns = limit_in_ms(argument[2]);
		return causes_of_poll(call->task, argument[0], argument[1]);
	case SYSCALL_PPOLL:
		account->limit_ns = limit_of(call, argument[2], 1);
		return causes_of_poll(call->task, argument[0], argument[1]);
	case SYSCALL_SELECT:
	case SYSCALL_PSELECT:
		account->limit_ns = limit_of(call, argument[4], kind == SYSCALL_SELECT ? 1000 : 1);
		return causes_of_select(call->task, argument[0], argument[1], argument[2]);
	case SYSCALL_EPOLL:
		account->limit_ns = limit_in_ms(argument[3]);
		break;
	case SYSCALL_EPOLL_TIMESPEC:
		account->limit_ns = limit_of(call, argument[3], 1);
		break;
	case SYSCALL_RING:
		account->limit_ns = limit_of_ring(call);
		if (!(argument[3] & IORING_ENTER_GETEVENTS))
			return 1U << CAUSE_DISK;
		return causes_of_ring(call->task, argument[0], argument[3] & IORING_ENTER_REGISTERED_RING);
	case SYSCALL_AIO:
		account->limit_ns = limit_of(call, argument[4], 1);
		return 1U << CAUSE_DISK;
	}
	account->waits_for_epoll = 1;
	return 1U << CAUSE_NETWORK;
}

static __always_inline u32 cause_of_limited_call(struct thread_account *account, const struct blocked_call *call, u32 kind)
{
	u32 causes = causes_of_limited_call(account, call, kind);

	account->waits_for_files = kind != SYSCALL_AIO;
	account->waits_for_local = causes >> 31;
	return cause_in_set(causes);
}

/* Returns the cause of a wait in a system call. Global, so that it is verified once for all callers. */
__weak __noinline u32 cause_of_call(const struct process *process, struct thread_account *account, const struct blocked_call *call)
{
	u32 kind;
	bool io;

	if (!process || !account || !call)
		return CAUSE_OTHER;
	if (call->number < 0)
		return CAUSE_FAULT;
	io = BPF_CORE_READ_BITFIELD_PROBED((struct task_struct *)call->task, in_iowait);
	kind = syscall_kinds[call->number & (SYSCALLS - 1)];
	switch (kind) {
	case SYSCALL_FCNTL:
		if (call->argument[1] == F_SETLKW || call->argument[1] == F_OFD_SETLKW)
			return CAUSE_LOCK;
		/* fall through */
	case SYSCALL_FD:
		return io ? CAUSE_DISK : cause_in_set(causes_of_descriptor(call->task, call->argument[0]));
	case SYSCALL_FUTEX:
		return cause_of_futex(process, call->argument[0]);
	case SYSCALL_LOCK:
		return CAUSE_LOCK;
	case SYSCALL_SLEEP:
		return CAUSE_SLEEP;
	case SYSCALL_NETWORK:
		return CAUSE_NETWORK;
	case SYSCALL_SYNC:
		return CAUSE_SYNC;
	case SYSCALL_DISK:
		return CAUSE_DISK;
	case SYSCALL_CHILD:
		return CAUSE_CHILD;
	case SYSCALL_POLL:
	case SYSCALL_PPOLL:
	case SYSCALL_SELECT:
	case SYSCALL_PSELECT:
	case SYSCALL_EPOLL:
	case SYSCALL_EPOLL_TIMESPEC:
	case SYSCALL_RING:
	case SYSCALL_AIO:
		return cause_of_limited_call(account, call, kind);
	}
	return io ? CAUSE_DISK : CAUSE_OTHER;
}

static __always_inline void fill_call(struct blocked_call *call, struct task_struct *task, struct pt_regs *regs)
{
	int i;

	call->task = (u64)task;
	call->number = syscall_number(regs);
#pragma unroll
	for (i = 0; i < 5; i++)
		call->argument[i] = syscall_argument(regs, i);
}

/* Returns the cause. state: as the scheduler saw it; 0: the thread could run. */
static __noinline u32 cause_of(struct task_struct *task, const struct process *process, struct thread_account *account, u32 state)
{
	struct blocked_call call;
	struct pt_regs *regs;

	if (!task || !process || !account || !state)
		return CAUSE_RUNQUEUE;
	account->limit_ns = 0;
	account->waits_for_files = account->waits_for_epoll = account->waits_for_local = account->woken_by_own = 0;
	account->wait_start_ns = bpf_ktime_get_ns();
	if (state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN) || task->jobctl & JOBCTL_TRAP_FREEZE)
		return CAUSE_STOPPED;
	if (task->flags & KERNEL_WORKER && state & TASK_INTERRUPTIBLE)
		return CAUSE_LOCK;	/* io_uring's worker waits for work */
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (!regs)
		return CAUSE_OTHER;
	fill_call(&call, task, regs);
	return cause_of_call(process, account, &call);
}

/* A pointer that the verifier knows is no number for it; what a helper has read is one. */
static __always_inline u64 task_address(struct task_struct *task)
{
	u64 known = (u64)task, address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &known);
	return address;
}

/* Returns the causes of a thread's wait for an epoll set, which has ended or goes on. */
static __always_inline u32 causes_in_epoll(struct task_struct *task, bool ended)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return causes_of_epoll(task_address(task), regs ? syscall_argument(regs, 0) : ~0U, ended);
}

/*
 * Returns the cause of a wait that has ended, for the thread that is about to be switched in. The kernel does not end a wait before
 * its limit. A thread of the same process that ends a wait for a set of files by a local socket is what was waited for.
 */
static __always_inline u32 cause_at_end(struct task_struct *task, struct thread_account *account, u64 woken)
{
	u64 limit = account->limit_ns;
	u32 causes;

	if (limit && woken - account->wait_start_ns + limit / 64 + 100000 >= limit)
		return CAUSE_SLEEP;
	if (!account->waits_for_epoll)
		return account->waits_for_local && account->woken_by_own ? CAUSE_LOCK : account->cause;
	causes = causes_in_epoll(task, true);
	return causes & LOCAL_SOCKET && account->woken_by_own ? CAUSE_LOCK : cause_in_set(causes);
}

#endif
