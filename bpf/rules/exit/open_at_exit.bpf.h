/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* open_at_exit.bpf.h - charges the sections that are open when their thread exits or executes another image, with their time so far. */
#ifndef BPF_RULES_EXIT_OPEN_AT_EXIT_H
#define BPF_RULES_EXIT_OPEN_AT_EXIT_H

#include "state/read_ring.bpf.h"

struct exit_times {
	u64 state, start_ns, end_ns;
	u64 last_ns;		/* when the time began that the innermost section's self time does not have; 0: with our time */
	u32 innermost;		/* the section at hand is the innermost one */
	u32 outermost;		/* ... or its own outermost one */
};

struct exit_charge {
	struct ring_reader *reader;
	struct process *process;
	struct exit_times times;
	u64 chunk;		/* address of the current chunk of flows' slots */
	u32 at;			/* current slot in the list of open sections */
};

/* The thread's slots are copied over reader->events, which has room for them and for one of a flow. */
static __always_inline struct dcbs_slot *copied_slot(struct ring_reader *reader, u32 i)
{
	return (struct dcbs_slot *)reader->events + (i & (DCBS_SLOTS - 1));
}

static __always_inline struct dcbs_flow_slot *copied_flow_slot(struct ring_reader *reader)
{
	return (struct dcbs_flow_slot *)&reader->events[CHUNK_EVENTS - 3];
}

_Static_assert(sizeof(struct dcbs_slot) * DCBS_SLOTS <= sizeof(struct dcbs_event) * (CHUNK_EVENTS - 3) &&
	       sizeof(struct dcbs_flow_slot) <= sizeof(struct dcbs_event) * 3, "slots are read into it");

/* Charges a section that will never end with its time so far. Returns 1 if the section makes no sense. */
__weak __noinline int charge_open_section(struct process *process, const struct exit_times *times, const struct dcbs_slot *s, u64 self)
{
	u64 observed, start, total;
	struct section_stat *stat;
	u32 section_id;

	if (!process || !times || !s)
		return 1;
	start = s->start_ns;
	section_id = process->section_id[s->name & (DCBS_NAMES - 1)];
	if (!section_id)
		section_id = section_id_of(process, times->state, s->name);
	section_id &= ~SECTION_MODEL;
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (start < times->start_ns)
		start = times->start_ns;
	if (!stat || start > times->end_ns)
		return 1;
	observed = times->end_ns - start;
	if (s->flags & DCBS_SELF_FROM_0)
		self = self > times->start_ns ? self - times->start_ns : 0;
	else if (s->start_ns && s->start_ns < times->start_ns)
		self = self_in_window(self, s->start_ns);
	if (times->innermost)
		self += times->end_ns - (times->last_ns > times->start_ns ? times->last_ns : times->start_ns);
	if (self > observed)
		self = observed;
	total = times->outermost ? observed : 0;
	__sync_fetch_and_add(&stat->open, 1);
	__sync_fetch_and_add(&stat->items, s->items);
	__sync_fetch_and_add(&stat->self_ns, self);
	__sync_fetch_and_add(&stat->total_ns, total);
	if (s->flags & DCBS_IN_FLOW)
		add_flow_times(stat, total, self);
	if (!one_target)
		part_add(section_id, 0, 0, total, self);
	return 0;
}

/* The next section in a slot of the record. */
static long charge_open_slot(u32 i, struct exit_charge *charge)
{
	struct dcbs_slot *s = copied_slot(charge->reader, charge->at);
	bool known = charge->times.last_ns;	/* otherwise neither self time nor flags are kept */

	if (!charge->at || s->name >= DCBS_NAMES)
		return 1;
	charge->at = dcbs_use_below(s->use);
	if (s->use & DCBS_USE_ENDED)	/* by another thread, which has counted it */
		return 0;
	charge->times.outermost = !known || s->flags & DCBS_OUTERMOST;
	if (charge_open_section(charge->process, &charge->times, s, known ? s->self_ns : 0))
		return 1;
	charge->times.innermost = false;
	return 0;
}

/* The next slot of a flow, if it is in use. */
static long charge_open_flow_slot(u32 i, struct exit_charge *charge)
{
	struct dcbs_flow_slot *s = copied_flow_slot(charge->reader);
	u32 at = i % DCBS_FLOW_SLOTS;

	if (i && !at && bpf_probe_read_user(&charge->chunk, sizeof(charge->chunk), (void *)charge->chunk))
		return 1;
	if (!charge->chunk || bpf_probe_read_user(s, sizeof(*s), (void *)(charge->chunk + __builtin_offsetof(struct dcbs_flow_chunk, slots) +
									  at * sizeof(*s))))
		return 1;
	if (!s->slot.use || s->slot.use & DCBS_USE_ENDED || s->slot.name >= DCBS_NAMES)
		return 0;
	charge->times.innermost = s->since_ns != DCBS_COVERED;
	charge->times.outermost = !!(s->slot.flags & DCBS_OUTERMOST);
	charge->times.last_ns = s->since_ns;
	charge_open_section(charge->process, &charge->times, &s->slot, s->slot.self_ns);
	return 0;
}

static __always_inline void charge_open_sections(struct task_struct *task, struct process *process)
{
	u64 record = record_of(task, process);
	struct exit_charge charge = {.process = process, .times = {.start_ns = start_of(process), .innermost = true}};
	struct record_head *head;

	if (!record || !window.start_ns || window.end_ns)
		return;
	charge.reader = bpf_task_storage_get(&ring_readers, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!charge.reader)
		return;
	head = &charge.reader->head;
	if (bpf_probe_read_user(head, sizeof(*head), (void *)record) || head->magic != DCBS_RECORD_MAGIC ||
	    (!head->innermost && !head->flow_open) ||
	    bpf_probe_read_user(charge.reader->events, sizeof(struct dcbs_slot) * DCBS_SLOTS,
				(void *)(record + __builtin_offsetof(struct dcbs_record, slots))))
		return;
	charge.times.state = head->state;
	charge.times.last_ns = head->last_ns;
	charge.times.end_ns = bpf_ktime_get_ns();
	charge.at = head->innermost & (DCBS_SLOTS - 1);
	bpf_loop(DCBS_DEPTH, charge_open_slot, &charge, 0);
	charge.chunk = head->flow_chunks;
	if (head->flow_open)
		bpf_loop(DCBS_FLOW_CHUNKS * DCBS_FLOW_SLOTS, charge_open_flow_slot, &charge, 0);
}

#endif
