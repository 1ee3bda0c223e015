/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * copies.bpf.h - sees to it that an event is not left out because another thread was preempted in its program.
 *
 * From Linux 7.0 on a trace point's program can be preempted, and until it goes on the kernel does not run it for other
 * threads on that CPU: of threads that end, and of processes that are born, some would not be seen. So copies of such a
 * program stand in a section_id, and the first that is run does the work. An event is left out only if threads were preempted in
 * all of them. They must be copies: a program reached by a tail call from several others is run for two threads at a time
 * on one CPU, and both on the one stack that the kernel gives it for that CPU.
 */
#ifndef BPF_RULES_COPIES_H
#define BPF_RULES_COPIES_H

#include "rules/thread_time.bpf.h"

/*
 * Is it this program's turn? token: of this event, among those of its kind and of the current task. Without a clock
 * to note it in, the first one alone works.
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

/* A copy of a program: what it calls, and its arguments. */
#define PROGRAM_COPY(point, name, call, ...) \
SEC("?tp_btf/" #point) \
int BPF_PROG(name, __VA_ARGS__) \
{ \
	return call; \
}

#endif
