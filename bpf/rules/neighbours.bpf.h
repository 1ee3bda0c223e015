/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* neighbours.bpf.h - who had the CPU while a target's thread waited for it. */
#ifndef BPF_RULES_NEIGHBOURS_H
#define BPF_RULES_NEIGHBOURS_H

#include "rules/pid_numbers.bpf.h"
#include "rules/thread_time.bpf.h"

/*
 * Charges a run-queue wait to the task that the waiting thread follows on its CPU, as far as that task has just run: who ran
 * before it is charged when it is the last one in its turn. A CPU that was idle made nobody wait. This runs after waits of
 * 20 us and more only.
 */
static __always_inline void neighbour_charge(struct task_struct *prev, u64 waited_ns)
{
	u64 ran_ns = prev->se.sum_exec_runtime - prev->se.prev_sum_exec_runtime;
	u64 ns = ran_ns < waited_ns ? ran_ns : waited_ns;
	struct neighbour *known, first = {};
	u32 tgid = prev->tgid;

	if (waited_ns < NEIGHBOUR_LEAST_NS || !prev->pid)
		return;
	ns = weighted_ns(ns);
	__sync_fetch_and_add(&counters.neighbours_ns, ns);
	known = bpf_map_lookup_elem(&neighbours, &tgid);
	if (known) {
		__sync_fetch_and_add(&known->ns, ns);
		return;
	}
	first.ns = ns;
	first.pid = pid_of_task(prev->group_leader);
	BPF_CORE_READ_STR_INTO(&first.comm, prev, group_leader, comm);
	bpf_map_update_elem(&neighbours, &tgid, &first, BPF_NOEXIST);
}

#endif
