/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * memory_ledger.bpf.h - charges memory events from a thread's account to the ledgers of its open sections.
 *
 * Plain stores gather the events in the account. They are charged when the open sections change, at a switch, and
 * at a tick.
 */
#ifndef BPF_STATE_MEMORY_LEDGER_H
#define BPF_STATE_MEMORY_LEDGER_H

#include "state/maps.bpf.h"

static __always_inline struct section_ledger *ledger_of(u32 section_id)
{
	return bpf_map_lookup_elem(&ledgers, &section_id);
}

static __always_inline void add_nonzero(u64 *to, u64 n)
{
	if (n)
		__sync_fetch_and_add(to, n);
}

/* Global, like others here, so that it is verified once. */
__weak __noinline int memory_sum_add(struct memory_sum *to, const struct memory_sum *n)
{
	if (!to || !n)
		return 0;
	add_nonzero((u64 *)&to->anon, n->anon);
	add_nonzero((u64 *)&to->file, n->file);
	add_nonzero((u64 *)&to->shmem, n->shmem);
	add_nonzero(&to->grown, n->grown);
	add_nonzero(&to->shrunk, n->shrunk);
	add_nonzero(&to->mapped, n->mapped);
	add_nonzero(&to->unmapped, n->unmapped);
	add_nonzero(&to->minor, n->minor);
	add_nonzero(&to->major, n->major);
	return 0;
}

static __always_inline u32 coarse_place(u64 v)
{
	return (hist_place(v) + 7) >> 3;
}

/* Puts the growth and the faults of an ended call into its section's distributions. */
__weak __noinline int end_call(struct call_memory *call)
{
	struct section_ledger *ledger;
	u32 place;

	if (!call)
		return 0;
	ledger = ledger_of(call->section_id);
	call->use = 0;
	if (!ledger)
		return 0;
	store_max(&ledger->peak_bytes, call->peak);
	if (call->grown > 0) {
		place = coarse_place(call->grown);
		if (place < COARSE_PLACES)
			__sync_fetch_and_add(&ledger->growth[place], 1);
		store_max(&ledger->growth_max, call->grown);
	} else if (call->grown < 0) {
		__sync_fetch_and_add(&ledger->shrunk_calls, 1);
	}
	if (call->faults) {
		place = coarse_place(call->faults);
		if (place < COARSE_PLACES)
			__sync_fetch_and_add(&ledger->faults[place], 1);
		store_max(&ledger->faults_max, call->faults);
	}
	return 0;
}

static __always_inline void add_to_call(struct thread_account *account, u32 slot)
{
	struct call_memory *call = &account->calls[slot & (CALL_SLOTS - 1)];
	s64 peak = call->grown + account->run_max;

	if (slot >= CALL_SLOTS || !call->use)
		return;
	if (peak > call->peak)
		call->peak = peak;
	call->grown += account->run;
	call->faults += account->pending.minor + account->pending.major;
}

/*
 * Returns the i-th of all open sections: marked ones first, then functions. Each kind has an innermost one,
 * and so have the current flow and the thread's first one.
 */
static __always_inline struct open_section *open_section_at(struct thread_account *account, u32 i)
{
	if (has_function_probes && i >= account->nr_open)
		return &account->functions[(i - account->nr_open) & (BPFPROF_CALLS - 1)];
	return &account->open[i & (DCBS_SLOTS - 1)];
}

static __always_inline bool is_innermost(const struct thread_account *account, u32 i)
{
	return !i || i == account->nr_flow || (has_function_probes && i == account->nr_open);
}

static __always_inline u32 nr_all_open(const struct thread_account *account)
{
	return account->nr_open + (has_function_probes ? account->nr_functions : 0);
}

/*
 * Returns true for the innermost section of both kinds together, which is the one that began last: memory counts
 * once as "self".
 */
static __always_inline bool owns_memory(const struct thread_account *account, u32 i)
{
	if (!has_function_probes || !account->nr_functions || !account->nr_open)
		return !i;
	return i == (!account->own || account->function_start_ns > account->innermost_start_ns ? account->nr_open : 0);
}

static long memory_charge_section(u32 i, struct thread_account **c)
{
	struct thread_account *account = *c;
	struct open_section *s = open_section_at(account, i);
	struct section_ledger *ledger = ledger_of(s->section_id);

	if (!ledger)
		return 1;
	if (s->first == FIRST)
		memory_sum_add(&ledger->memory, &account->pending);
	if (owns_memory(account, i))
		memory_sum_add(&ledger->self_memory, &account->pending);
	if (account->own && i < account->nr_open)
		add_to_call(account, s->slot);
	return 0;
}

__weak __noinline int memory_charge(struct thread_account *account)
{
	struct section_ledger *outside;

	if (!account)
		return 0;
	if (nr_all_open(account)) {
		bpf_loop(nr_all_open(account), memory_charge_section, &account, 0);
	} else {
		outside = ledger_of(SECTION_OUTSIDE);
		if (outside) {
			memory_sum_add(&outside->memory, &account->pending);
			memory_sum_add(&outside->self_memory, &account->pending);
		}
	}
	__builtin_memset(&account->pending, 0, sizeof(account->pending));
	account->run = account->run_max = 0;
	account->dirty = 0;
	return 0;
}

/*
 * Sets the base for faults if those since the last event are not to be charged: they were before the window or in
 * an off-period. Returns true if so.
 */
static __always_inline bool begin_faults(struct thread_account *account, u64 minor, u64 major)
{
	if (account->memory_generation == throttle.memory_generation && !throttle.memory_off)
		return false;
	account->memory_generation = window.start_ns ? throttle.memory_generation : NO_GENERATION;
	account->minor = minor;
	account->major = major;
	return true;
}

/*
 * Takes the faults since the last event. The kernel counts a fault when it is done, so an event inside a fault
 * finds only older ones.
 */
__weak __noinline int take_faults(struct thread_account *account, u64 minor, u64 major)
{
	if (!account || begin_faults(account, minor, major) || (minor == account->minor && major == account->major))
		return 0;
	account->pending.minor += minor - account->minor;
	account->pending.major += major - account->major;
	account->minor = minor;
	account->major = major;
	account->dirty = 1;
	return 0;
}

#endif
