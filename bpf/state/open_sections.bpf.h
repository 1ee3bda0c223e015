/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * open_sections.bpf.h - which sections are open on a thread.
 *
 * A thread's open sections are read from its record and kept in its account until a begin or an end has changed
 * the record. Most events find them unchanged, for the price of two short reads. A thread without a section of its
 * own is charged to the thread that woke it. Then that thread's record is read, as it is now, because pool threads
 * live longer than the section that woke them.
 */
#ifndef BPF_STATE_OPEN_SECTIONS_H
#define BPF_STATE_OPEN_SECTIONS_H

#include "state/flows/find_flow.bpf.h"
#include "state/read_ring.bpf.h"
#include "state/memory_ledger.bpf.h"
#include "state/rss_counters.bpf.h"
#include "state/flows/find_flow.bpf.h"

#define FEW_SLOTS 8	/* read at first: sections are seldom nested deeper */

static __always_inline bool same_call(u64 use, const struct call_memory *call)
{
	return call->use == (use & ~(u64)DCBS_USE_BELOW);
}

/* Ends the call of a section in `open` that is not open any more, judging by the slots as they are now. */
static long end_gone_call(u32 i, struct thread_account **c)
{
	struct thread_account *account = *c;
	u32 slot = account->open[i & (DCBS_SLOTS - 1)].slot & (DCBS_SLOTS - 1);
	struct call_memory *call = &account->calls[slot & (CALL_SLOTS - 1)];

	if (slot < CALL_SLOTS && call->use && (slot >= account->readable || !same_call(account->slots[slot].use, call)))
		end_call(call);
	return 0;
}

struct section_walk {
	struct thread_account *account;
	union { struct process *process; struct function_calls *calls; };	/* of marked sections, and of functions */
	u64 state;
	u32 most;	/* sections in the list */
	bool cut;	/* there are more open sections than the list has room for */
};

static __always_inline void begin_call(struct thread_account *account, u32 slot, u64 use, u32 section_id)
{
	struct call_memory *call = &account->calls[slot & (CALL_SLOTS - 1)];

	if (slot >= CALL_SLOTS || same_call(use, call))
		return;
	if (call->use)
		end_call(call);
	call->use = use & ~(u64)DCBS_USE_BELOW;
	call->grown = call->peak = 0;
	call->faults = 0;
	call->section_id = section_id;
}

/* Does the same as section_id_of(), with scratch space in the account. A tick that finds the account busy must not use it. */
__weak __noinline u32 open_section_id(struct process *process, u64 state, u32 id)
{
	struct thread_account *account = bpf_task_storage_get(&thread_accounts, bpf_get_current_task_btf(), NULL, 0);

	if (!process || !account)
		return SECTION_OTHER;
	if (account->tick) {
		account->tick = TICK_UNNAMED;
		return SECTION_OTHER;
	}
	return section_id_of_name(process, state, id, &account->name);
}

/* Adds an open section to the list. Returns its section_id. Global, like others here, so that it is verified once. */
__weak __noinline u32 list_section(struct thread_account *account, struct process *process, u64 state, const struct dcbs_slot *s,
				   u32 slot)
{
	u32 section_id, n, first;
	u64 *listed, bit;

	if (!account || !process || !s)
		return SECTION_OTHER;
	n = account->nr_open;
	section_id = process->section_id[s->name & (DCBS_NAMES - 1)];
	if (!section_id)
		section_id = open_section_id(process, state, s->name);
	section_id &= SECTION_MODEL - 1;
	if (!section_id || section_id >= BPFPROF_SECTIONS)
		section_id = SECTION_OTHER;
	listed = &account->listed[section_id / 64];
	bit = 1ULL << (section_id % 64);
	first = *listed & bit ? NOT_FIRST : account->listed_in_flow[section_id / 64] & bit ? FIRST_OF_THREAD : FIRST;
	if (!n)
		account->innermost_start_ns = s->start_ns;
	account->open[n & (DCBS_SLOTS - 1)] = (struct open_section){section_id, slot, first};
	*listed |= bit;
	account->nr_open = n + 1;
	return section_id;
}

/* Adds the next open section in a slot of the record, from the innermost one outwards. */
static long list_open_slot(u32 i, struct section_walk *w)
{
	struct thread_account *account = w->account;
	u32 slot = account->at & (DCBS_SLOTS - 1), section_id;
	struct dcbs_slot *s = &account->slots[slot];

	if (!slot)
		return 1;
	if (slot >= account->readable) {
		account->more_slots = 1;
		return 1;
	}
	if (account->nr_open >= DCBS_SLOTS) {
		w->cut = true;
		return 1;
	}
	account->at = dcbs_use_below(s->use);
	if (s->use & DCBS_USE_ENDED)
		return 0;
	section_id = list_section(account, w->process, w->state, s, slot);
	if (account->own)
		begin_call(account, slot, s->use, section_id);
	return 0;
}

/* ---- flows ---- */

/* Adds the next open section of a flow. */
static long list_flow_slot(u32 i, struct section_walk *w)
{
	struct thread_account *account = w->account;
	struct dcbs_flow_slot *s = &account->flow_slot;

	if (!account->next_slot)
		return 1;
	if (account->nr_open >= w->most || bpf_probe_read_user(s, sizeof(*s), (void *)account->next_slot)) {
		w->cut = true;
		return 1;
	}
	account->next_slot = s->below;
	if (s->slot.use && !(s->slot.use & DCBS_USE_ENDED))
		list_section(account, w->process, w->state, &s->slot, SLOT_IN_CHUNK);
	return 0;
}

/* The loops are apart, see look_for_flows(). */
static __noinline int list_flow_slots(struct section_walk *w)
{
	bpf_loop(FLOW_DEPTH + 1, list_flow_slot, w, 0);
	return 0;
}

static __noinline int list_open_slots(struct section_walk *w)
{
	bpf_loop(DCBS_DEPTH, list_open_slot, w, 0);
	return 0;
}

static __noinline int end_gone_calls(struct thread_account *account)
{
	if (account && account->own && account->nr_open)
		bpf_loop(account->nr_open, end_gone_call, &account, 0);
	return 0;
}

/* Lists the sections of the current flow, and those of the thread's first flow that are in no slot of the record. */
static __always_inline void list_flow_sections(struct section_walk *w)
{
	struct thread_account *account = w->account;

	account->next_slot = find_flow(account->key.flow_table, account->key.flow);
	w->most = FLOW_DEPTH;
	if (account->next_slot)
		list_flow_slots(w);
	account->nr_flow = account->nr_open;
	__builtin_memcpy(account->listed_in_flow, account->listed, sizeof(account->listed));
	__builtin_memset(account->listed, 0, sizeof(account->listed));
	if (!(account->key.in_flow & DCBS_FIRST_FLOW_FULL))
		return;
	account->next_slot = find_flow(account->key.flow_table, DCBS_FIRST_FLOW);
	w->most = DCBS_SLOTS;
	list_flow_slots(w);
}

/* Lists the open sections from account->slots, which have been read. Returns true if there are too many. */
__weak __noinline int open_sections_walk(struct thread_account *account, struct process *process, u64 state)
{
	struct section_walk w = {.account = account, .process = process, .state = state};

	if (!account || !process)
		return 0;
	end_gone_calls(account);
	account->nr_open = account->nr_flow = 0;
	account->more_slots = 0;
	account->at = account->key.innermost;
	__builtin_memset(account->listed, 0, sizeof(account->listed));
	__builtin_memset(account->listed_in_flow, 0, sizeof(account->listed_in_flow));
	if (account->key.flow_open)
		list_flow_sections(&w);
	list_open_slots(&w);
	return w.cut;
}

static __always_inline bool read_slots(struct thread_account *account, u64 record, bool few)
{
	void *from = (void *)(record + __builtin_offsetof(struct dcbs_record, slots));

	account->readable = few ? FEW_SLOTS : DCBS_SLOTS;
	if (few)
		return !bpf_probe_read_user(account->slots, FEW_SLOTS * sizeof(struct dcbs_slot), from);
	return !bpf_probe_read_user(account->slots, sizeof(account->slots), from);
}

/* Ends all open calls: which of them are open is not known any more. */
static __always_inline void open_sections_forget(struct thread_account *account)
{
	account->readable = 0;
	end_gone_calls(account);
	account->nr_open = account->nr_flow = 0;
	account->record = account->own = 0;
}

/* Brings `open` up to date after the record of the current task has changed, or when it is another one. */
__weak __noinline int open_sections_renew(struct thread_account *account, struct process *process, u64 record, u64 own)
{
	bool few, cut;
	u64 state;

	if (!account || !process)
		return 0;
	if (account->dirty)
		memory_charge(account);
	if (account->own != own || !record)
		open_sections_forget(account);
	account->record = record;
	account->own = own;
	if (!record)
		return 0;
	few = account->key.innermost < FEW_SLOTS;
	if (!read_slots(account, record, few) ||
	    bpf_probe_read_user(&state, sizeof(state), (void *)(record + __builtin_offsetof(struct dcbs_record, state)))) {
		open_sections_forget(account);
		__sync_fetch_and_add(&counters.lost_open_sections, 1);
		return 0;
	}
	cut = open_sections_walk(account, process, state);
	if (account->more_slots && few && read_slots(account, record, false))
		cut = open_sections_walk(account, process, state);
	if (cut)
		__sync_fetch_and_add(&counters.sections_cut, 1);
	return 0;
}

/* Returns true if sections are open in a record. The flow is the current one. */
static __always_inline bool read_sections_key(u64 record, struct open_sections_key *key)
{
	void *from = (void *)(record + __builtin_offsetof(struct dcbs_record, head));

	if (!record || bpf_probe_read_user(key, __builtin_offsetof(struct open_sections_key, flow), from))
		return false;
	key->flow = 0;
	if (!key->flow_open)
		return key->innermost;
	if (key->flow_at && key->flow_serial)
		bpf_probe_read_user(&key->flow, sizeof(key->flow) + sizeof(key->serial), (void *)key->flow_at);
	else if (key->flow_at)
		bpf_probe_read_user(&key->flow, sizeof(key->flow), (void *)key->flow_at);
	return true;
}

/* Returns a value that changes whenever open_sections_update() finds other sections. */
static __always_inline u64 open_sections_stamp(const struct open_sections_key *key)
{
	return key->head + key->use + ((u64)key->innermost << 56) + (key->flow << 8);
}

static long list_open_function(u32 i, struct section_walk *w)
{
	struct thread_account *account = w->account;
	u32 depth = w->calls->depth, section_id;
	u64 *listed;

	if (i >= depth || i >= BPFPROF_CALLS)
		return 1;
	section_id = w->calls->call[(depth - 1 - i) & (BPFPROF_CALLS - 1)].section_id;
	if (section_id >= BPFPROF_SECTIONS)
		return 1;
	listed = &account->listed[section_id / 64];
	account->functions[i & (BPFPROF_CALLS - 1)] = (struct open_section){section_id, 0, !(*listed >> (section_id % 64) & 1)};
	*listed |= 1ULL << (section_id % 64);
	account->nr_functions = i + 1;
	return 0;
}

static __noinline int list_open_functions(struct section_walk *w)
{
	bpf_loop(BPFPROF_CALLS, list_open_function, w, 0);
	return 0;
}

/* Brings `functions` up to date for the current task. */
__weak __noinline int open_functions_renew(struct thread_account *account, struct function_calls *calls)
{
	struct section_walk w = {.account = account, .calls = calls};

	if (!account || !calls)
		return 0;
	if (account->dirty)
		memory_charge(account);
	account->functions_serial = calls->serial;
	account->function_start_ns = calls->call[(calls->depth - 1) & (BPFPROF_CALLS - 1)].start_ns;
	account->nr_functions = 0;
	__builtin_memset(account->listed, 0, sizeof(account->listed));
	list_open_functions(&w);
	return 0;
}

static __always_inline void open_functions_update(struct thread_account *account, struct task_struct *task)
{
	struct function_calls *calls = bpf_task_storage_get(&open_calls, task, NULL, 0);

	if (!calls)
		return;
	if (throttle.calls_off || calls->generation != throttle.calls_generation)
		account->nr_functions = 0;
	else if (calls->serial != account->functions_serial)
		open_functions_renew(account, calls);
}

/*
 * Returns the record whose sections the current task is in, and reads its key: the task's own, or the inherited
 * one. Returns 0 if no section is open there.
 */
static __always_inline u64 open_sections_record(struct thread_account *account, struct task_struct *task,
						struct process *process, u64 *own, struct open_sections_key *key)
{
	*own = record_of(task, process);
	if (read_sections_key(*own, key))
		return *own;
	*own = 0;
	if (!read_sections_key(account->inherit, key))
		return 0;
	key->flow = account->inherit_flow;
	return account->inherit;
}

static __always_inline bool open_sections_unchanged(const struct thread_account *account, u64 record,
						    const struct open_sections_key *key)
{
	return record == account->record && (!record || (key->head == account->key.head && key->use == account->key.use &&
						       key->innermost == account->key.innermost &&
						       key->flow == account->key.flow));
}

/* Brings `open` and `functions` up to date for the current task. The key is not on the stack, of which probes have little. */
static __always_inline void open_sections_update(struct thread_account *account, struct task_struct *task, struct process *process)
{
	struct open_sections_key *key = __builtin_memset(&account->read_key, 0, sizeof(account->read_key));
	u64 own, record = open_sections_record(account, task, process, &own, key);

	if (own)
		account->sections = 1;
	account->serial = key->serial;
	take_faults(account, task->min_flt, task->maj_flt);
	if (has_function_probes)
		open_functions_update(account, task);
	if (!open_sections_unchanged(account, record, key)) {
		rss_settle(account, process, false);
		account->key = *key;
		open_sections_renew(account, process, record, own);
	}
}

/*
 * Lists the current task's open sections in `apart`, because the program that we have interrupted may be changing `account`.
 * Returns false if one of them has no id yet: that program is about to draw it.
 */
static __always_inline bool open_sections_apart(struct thread_account *apart, struct thread_account *account,
						struct task_struct *task, struct process *process)
{
	u64 own, record;
	bool named;

	account->tick = TICK_READS;
	apart->nr_functions = 0;
	apart->functions_serial = ~0ULL;
	apart->inherit = account->inherit;
	apart->inherit_flow = account->inherit_flow;
	__builtin_memset(&apart->key, 0, sizeof(apart->key));
	record = open_sections_record(apart, task, process, &own, &apart->key);
	open_sections_renew(apart, process, record, 0);
	if (has_function_probes)
		open_functions_update(apart, task);
	named = account->tick == TICK_READS;
	account->tick = TICK_NONE;
	return named;
}

#endif
