/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * copies.bpf.h - copies of a program, so that no event is missed because another thread was preempted in that
 * program.
 *
 * Since Linux 7.0 a trace point's program can be preempted. Until it goes on, the kernel does not run it for other
 * threads on that CPU, so some exits and forks would be missed. Therefore several copies of such a program are
 * attached, and the first one that runs does the work. An event is missed only if threads were preempted in all of
 * them. They must be real copies: a program that several others reach by a tail call would run for two threads at
 * a time on one CPU, and both would use the one stack that the kernel gives it for that CPU.
 */
#ifndef BPF_RULES_COPIES_H
#define BPF_RULES_COPIES_H

#include "rules/thread_time.bpf.h"

/*
 * Returns true if no copy has handled this event yet. token: identifies the event among those of its kind and of
 * the current task. If there is no account to note it in, only the first program works.
 */
static __always_inline bool claim_event(enum copied_event kind, u64 token, bool first)
{
	struct thread_account *account = account_of(bpf_get_current_task_btf(), 0);

	if (!account)
		return first;
	if (account->claimed_event[kind] == token)
		return false;
	account->claimed_event[kind] = token;
	return true;
}

/* Defines a copy of a program; `call` is its body. */
#define PROGRAM_COPY(point, name, call, ...) \
SEC("?tp_btf/" #point) \
int BPF_PROG(name, __VA_ARGS__) \
{ \
	return call; \
}

#endif
