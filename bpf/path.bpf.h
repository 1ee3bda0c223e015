/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * path.bpf.h - which sections are open on a thread, and charging time and memory to them.
 *
 * A thread's open sections are read from its record, and kept in its clock until a begin or an end
 * has changed the record: most events find them unchanged, for the price of two short reads. A thread
 * without a section of its own works for the thread that woke it: then that one's record is read, as
 * it is now, because pool threads live longer than the section that woke them.
 *
 * What happens to memory is gathered in the clock and carried to the sections when they change, at a
 * switch, and at a tick.
 */
#ifndef BPF_PATH_H
#define BPF_PATH_H

#include "drain.bpf.h"

#define PAGE_BYTES 4096
#define FEW_SLOTS 8	/* read at first: sections are seldom nested deeper */

static __always_inline struct row_ledger *ledger_of(u32 row)
{
	return bpf_map_lookup_elem(&ledgers, &row);
}

/* ---- memory: from the clock to the sections ---- */

static __always_inline void add(u64 *to, u64 n)
{
	if (n)
		__sync_fetch_and_add(to, n);
}

/* Global, as are others here, to be verified once. */
__weak __noinline int memory_add(struct memory_sum *to, const struct memory_sum *n)
{
	if (!to || !n)
		return 0;
	add((u64 *)&to->anon, n->anon);
	add((u64 *)&to->file, n->file);
	add((u64 *)&to->shmem, n->shmem);
	add(&to->grown, n->grown);
	add(&to->shrunk, n->shrunk);
	add(&to->mapped, n->mapped);
	add(&to->unmapped, n->unmapped);
	add(&to->minor, n->minor);
	add(&to->major, n->major);
	return 0;
}

static __always_inline u32 coarse_place(u64 v)
{
	return (hist_place(v) + 7) >> 3;
}

/* A call has ended. */
static __noinline int call_done(struct call_memory *call)
{
	struct row_ledger *ledger = ledger_of(call->row);
	u32 place;

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

static __always_inline void call_add(struct clock *clock, u32 slot)
{
	struct call_memory *call = &clock->calls[slot & (CALL_SLOTS - 1)];
	s64 peak = call->grown + clock->run_max;

	if (slot >= CALL_SLOTS || !call->use)
		return;
	if (peak > call->peak)
		call->peak = peak;
	call->grown += clock->run;
	call->faults += clock->pending.minor + clock->pending.major;
}

/* The i-th of all open sections: those that are marked, then functions. Each of both kinds has an innermost one. */
static __always_inline struct open_section *open_at(struct clock *clock, u32 i)
{
	if (native_sections && i >= clock->nr_open)
		return &clock->native[(i - clock->nr_open) & (BPFPROF_CALLS - 1)];
	return &clock->open[i & (DCBS_SLOTS - 1)];
}

static __always_inline bool is_innermost(const struct clock *clock, u32 i)
{
	return !i || (native_sections && i == clock->nr_open);
}

static __always_inline u32 nr_all(const struct clock *clock)
{
	return clock->nr_open + (native_sections ? clock->nr_native : 0);
}

static long memory_charge(u32 i, struct clock **c)
{
	struct clock *clock = *c;
	struct open_section *s = open_at(clock, i);
	struct row_ledger *ledger = ledger_of(s->row);

	if (!ledger)
		return 1;
	if (s->first)
		memory_add(&ledger->memory, &clock->pending);
	if (is_innermost(clock, i))
		memory_add(&ledger->self_memory, &clock->pending);
	if (clock->own && i < clock->nr_open)
		call_add(clock, s->slot);
	return 0;
}

__weak __noinline int memory_flush(struct clock *clock)
{
	struct row_ledger *outside;

	if (!clock)
		return 0;
	if (nr_all(clock)) {
		bpf_loop(nr_all(clock), memory_charge, &clock, 0);
	} else {
		outside = ledger_of(ROW_OUTSIDE);
		if (outside) {
			memory_add(&outside->memory, &clock->pending);
			memory_add(&outside->self_memory, &clock->pending);
		}
	}
	__builtin_memset(&clock->pending, 0, sizeof(clock->pending));
	clock->run = clock->run_max = 0;
	clock->dirty = 0;
	return 0;
}

/* Faults since the last look. The kernel counts one when it is done, so at an event inside a fault they are all older. */
static __always_inline void take_faults(struct clock *clock, struct task_struct *task)
{
	u64 minor = task->min_flt, major = task->maj_flt;

	if (minor == clock->minor && major == clock->major)
		return;
	clock->pending.minor += minor - clock->minor;
	clock->pending.major += major - clock->major;
	clock->minor = minor;
	clock->major = major;
	clock->dirty = 1;
}

/* ---- which sections are open ---- */

static __always_inline bool same_call(u64 use, const struct call_memory *call)
{
	return call->use == (use & ~(u64)DCBS_USE_BELOW);
}

/* A section of `open` that is not open any more, by the slots as they are now. */
static long close_left(u32 i, struct clock **c)
{
	struct clock *clock = *c;
	u32 slot = clock->open[i & (DCBS_SLOTS - 1)].slot & (DCBS_SLOTS - 1);
	struct call_memory *call = &clock->calls[slot & (CALL_SLOTS - 1)];

	if (slot < CALL_SLOTS && call->use && (slot >= clock->readable || !same_call(clock->slots[slot].use, call)))
		call_done(call);
	return 0;
}

struct walk {
	struct clock *clock;
	struct process *process;
	u64 state;
	struct calls *calls;
	bool names;	/* the names of the thread's process can be read: it is the current one */
};

static __always_inline void open_call(struct clock *clock, u32 slot, u64 use, u32 row)
{
	struct call_memory *call = &clock->calls[slot & (CALL_SLOTS - 1)];

	if (slot >= CALL_SLOTS || same_call(use, call))
		return;
	if (call->use)
		call_done(call);
	call->use = use & ~(u64)DCBS_USE_BELOW;
	call->grown = call->peak = 0;
	call->faults = 0;
	call->row = row;
}

/* As row_of_id() does, by the storage that the programs of this file work in. */
static __noinline u32 name_row(struct process *process, u64 state, u32 id)
{
	struct clock *clock = bpf_task_storage_get(&clocks, bpf_get_current_task_btf(), NULL, 0);

	return process && clock ? row_of_name(process, state, id, &clock->name) : ROW_OTHER;
}

/* The next of the open sections, from the innermost outwards. */
static long walk_slot(u32 i, struct walk *w)
{
	struct clock *clock = w->clock;
	u32 slot = clock->at & (DCBS_SLOTS - 1), row, n = clock->nr_open;
	struct dcbs_slot *s = &clock->slots[slot];
	u64 *seen;

	if (!slot)
		return 1;
	if (slot >= clock->readable) {
		clock->again = 1;
		return 1;
	}
	clock->at = dcbs_use_below(s->use);
	if (s->use & DCBS_USE_ENDED)
		return 0;
	row = w->process->row[s->name & (DCBS_NAMES - 1)];
	if (!row && w->names)
		row = name_row(w->process, w->state, s->name);
	row &= ROW_MODEL - 1;
	if (!row || row >= BPFPROF_ROWS)
		row = ROW_OTHER;
	seen = &clock->seen[row / 64];
	clock->open[n & (DCBS_SLOTS - 1)] = (struct open_section){row, slot, !(*seen >> (row % 64) & 1)};
	*seen |= 1ULL << (row % 64);
	clock->nr_open = n + 1;
	if (clock->own)
		open_call(clock, slot, s->use, row);
	return 0;
}

/* clock->slots has been read. */
static __always_inline void path_walk(struct walk *w)
{
	struct clock *clock = w->clock;

	if (clock->own && clock->nr_open)
		bpf_loop(clock->nr_open, close_left, &clock, 0);
	clock->nr_open = 0;
	clock->again = 0;
	clock->at = clock->key.innermost;
	__builtin_memset(clock->seen, 0, sizeof(clock->seen));
	bpf_loop(DCBS_DEPTH, walk_slot, w, 0);
}

static __always_inline bool read_slots(struct clock *clock, u64 record, bool few)
{
	void *from = (void *)(record + __builtin_offsetof(struct dcbs_record, slots));

	clock->readable = few ? FEW_SLOTS : DCBS_SLOTS;
	if (few)
		return !bpf_probe_read_user(clock->slots, FEW_SLOTS * sizeof(struct dcbs_slot), from);
	return !bpf_probe_read_user(clock->slots, sizeof(clock->slots), from);
}

/* All calls that were open have ended, as far as can be told. */
static __always_inline void path_none(struct clock *clock)
{
	clock->readable = 0;
	if (clock->own && clock->nr_open)
		bpf_loop(clock->nr_open, close_left, &clock, 0);
	clock->nr_open = 0;
	clock->record = clock->own = 0;
}

/* The record of the current task has changed, or is another one. */
__weak __noinline int path_renew(struct clock *clock, struct process *process, u64 record, u64 own)
{
	struct walk w = {.clock = clock, .process = process, .names = true};
	bool few;

	if (!clock || !process)
		return 0;
	if (clock->dirty)
		memory_flush(clock);
	if (clock->own != own || !record)
		path_none(clock);
	clock->record = record;
	clock->own = own;
	if (!record)
		return 0;
	few = clock->key.innermost < FEW_SLOTS;
	if (!read_slots(clock, record, few) ||
	    bpf_probe_read_user(&w.state, sizeof(w.state), (void *)(record + __builtin_offsetof(struct dcbs_record, state)))) {
		path_none(clock);
		__sync_fetch_and_add(&counters.lost_paths, 1);
		return 0;
	}
	path_walk(&w);
	if (clock->again && few && read_slots(clock, record, false))
		path_walk(&w);
	return 0;
}

static __always_inline bool read_key(u64 record, struct path_key *key)
{
	return record && !bpf_probe_read_user(key, sizeof(*key), (void *)(record + __builtin_offsetof(struct dcbs_record, head))) &&
	       key->innermost;
}

static long walk_call(u32 i, struct walk *w)
{
	struct clock *clock = w->clock;
	u32 depth = w->calls->depth, row;
	u64 *seen;

	if (i >= depth || i >= BPFPROF_CALLS)
		return 1;
	row = w->calls->call[(depth - 1 - i) & (BPFPROF_CALLS - 1)].row;
	if (row >= BPFPROF_ROWS)
		return 1;
	seen = &clock->seen[row / 64];
	clock->native[i & (BPFPROF_CALLS - 1)] = (struct open_section){row, 0, !(*seen >> (row % 64) & 1)};
	*seen |= 1ULL << (row % 64);
	clock->nr_native = i + 1;
	return 0;
}

/* Brings `native` up to date for the current task. */
__weak __noinline int native_renew(struct clock *clock, struct calls *calls)
{
	struct walk w = {.clock = clock, .calls = calls};

	if (!clock || !calls)
		return 0;
	if (clock->dirty)
		memory_flush(clock);
	clock->native_serial = calls->serial;
	clock->nr_native = 0;
	__builtin_memset(clock->seen, 0, sizeof(clock->seen));
	bpf_loop(BPFPROF_CALLS, walk_call, &w, 0);
	return 0;
}

static __always_inline void native_update(struct clock *clock, struct task_struct *task)
{
	struct calls *calls = bpf_task_storage_get(&open_calls, task, NULL, 0);

	if (calls && calls->serial != clock->native_serial)
		native_renew(clock, calls);
}

/* Brings `open` up to date for the current task. */
static __always_inline void path_update(struct clock *clock, struct task_struct *task, struct process *process)
{
	u64 own = record_of(task, process), record = own;
	struct path_key key = {};

	if (read_key(own, &key)) {
		clock->sections = 1;
	} else {
		own = 0;
		record = clock->inherit;
		if (!read_key(record, &key))
			record = 0;
	}
	take_faults(clock, task);
	if (native_sections)
		native_update(clock, task);
	if (record == clock->record && (!record || (key.head == clock->key.head && key.use == clock->key.use &&
						    key.innermost == clock->key.innermost)))
		return;
	clock->key = key;
	path_renew(clock, process, record, own);
}

/* ---- time ---- */

struct charge {
	struct clock *clock;
	u32 cause;
	u64 ns;
};

static long off_charge(u32 i, struct charge *c)
{
	struct open_section *s = open_at(c->clock, i);
	struct row_ledger *ledger = ledger_of(s->row);
	u32 cause = c->cause & (CAUSES - 1);

	if (!ledger)
		return 1;
	if (!c->clock->own && i < c->clock->nr_open)
		return 0;
	if (s->first)
		__sync_fetch_and_add(&ledger->off_ns[cause], c->ns);
	if (is_innermost(c->clock, i))
		__sync_fetch_and_add(&ledger->self_off_ns[cause], c->ns);
	return 0;
}

/* Time from `start` to `end` that a thread did not run. Only its own sections are charged: it did not work for others. */
__weak __noinline int charge_off(struct clock *clock, u32 cause, u64 start, u64 end)
{
	struct charge c = {.clock = clock};
	u64 last = window.end_ns ?: ~0ULL;

	if (!clock)
		return 0;
	cause &= CAUSES - 1;
	if (start < window.start_ns)
		start = window.start_ns;
	if (end > last)
		end = last;
	if (!window.start_ns || end <= start)
		return 0;
	c.ns = end - start;
	__sync_fetch_and_add(&clock->sum.off_ns[cause], c.ns);
	c.cause = cause;
	if ((clock->own && clock->nr_open) || (native_sections && clock->nr_native))
		bpf_loop(nr_all(clock), off_charge, &c, 0);
	else
		__sync_fetch_and_add(&clock->sum.outside_off_ns[cause], c.ns);
	return 0;
}

static long worker_charge(u32 i, struct charge *c)
{
	struct open_section *s = &c->clock->open[i & (DCBS_SLOTS - 1)];
	struct row_ledger *ledger = ledger_of(s->row);

	if (!ledger)
		return 1;
	if (s->first)
		__sync_fetch_and_add(&ledger->worker_ns, c->ns);
	if (!i)
		__sync_fetch_and_add(&ledger->self_worker_ns, c->ns);
	return 0;
}

/* The current task has run since clock->on_ns: for whom? */
static __always_inline void charge_run(struct clock *clock, u64 now)
{
	struct charge c = {.clock = clock};
	u64 start = clock->on_ns > window.start_ns ? clock->on_ns : window.start_ns;

	clock->on_ns = now;
	if (!clock->record || clock->own || !window.start_ns || window.end_ns || now <= start)
		return;
	c.ns = now - start;
	__sync_fetch_and_add(&clock->sum.worker_ns, c.ns);
	bpf_loop(clock->nr_open, worker_charge, &c, 0);
}

/* ---- the clock itself ---- */

static __always_inline struct clock *clock_of(struct task_struct *task, u64 flags)
{
	struct clock *clock = bpf_task_storage_get(&clocks, task, NULL, flags);

	if (!clock && flags)
		__sync_fetch_and_add(&counters.memory_short, 1);
	return clock;
}

/* A thread that we see for the first time. */
static __always_inline void clock_start(struct clock *clock, struct task_struct *task, u64 now)
{
	clock->since_ns = now;
	clock->on_ns = clock->slice_ns = now;
	clock->exec_start_ns = clock->slice_exec_ns = task->se.sum_exec_runtime;
	clock->minor = task->min_flt;
	clock->major = task->maj_flt;
}

/* The current task's clock, made if need be. NULL: the kernel could not, or it is being worked on. */
static __always_inline struct clock *clock_lock(struct task_struct *task)
{
	struct clock *clock = clock_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!clock || clock->dead || clock->busy)
		return NULL;
	clock->busy = 1;
	barrier();
	if (!clock->since_ns)
		clock_start(clock, task, bpf_ktime_get_ns());
	return clock;
}

static __always_inline void clock_unlock(struct clock *clock)
{
	barrier();
	*(volatile u32 *)&clock->busy = 0;
}

#endif
