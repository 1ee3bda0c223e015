/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* types.bpf.h - the structures that the BPF programs keep for themselves. */
#ifndef BPF_STATE_TYPES_H
#define BPF_STATE_TYPES_H

#include "state/kernel.h"
#include "bpfprof/abi.h"

/*
 * Figures that wait in a thread's own storage. An atomic add costs as much as all the rest of reading
 * an event and keeps the CPU from overlapping one event with the next, so the marker's probe adds
 * here, plainly, and a switch or a tick carries the sums to `stats`: at most a few milliseconds later.
 */
#define SECTION_SUMS 8		/* sections at a time */
#define BUCKET_SUMS 128	/* buckets at a time, of any sections */
#define CHUNK_EVENTS 128	/* events that are copied at a time */

struct section_sum {
	u64 section_id;
	u64 count;
	u64 sum_ns;
	u64 inner_ns;		/* of sum_ns, calls inside another of the same section */
	u64 self_ns;
	u64 max_ns;
	u64 min_inv_ns;
	u64 items;
};

struct bucket_sum {
	u32 key;	/* section_id << 16 | place; 0: free */
	u32 count;
};

/* The part of struct dcbs_record before the slots. */
struct record_head {
	u64 magic, head, last_ns, flush_ns, flush_head, use;
	u8 innermost, foreign, pad[2];
	u32 tid;
	u64 next, state, too_deep, unmatched, foreign_ns, base;
};

_Static_assert(__builtin_offsetof(struct record_head, base) == __builtin_offsetof(struct dcbs_record, base), "layout");
_Static_assert(__builtin_offsetof(struct record_head, unmatched) == __builtin_offsetof(struct dcbs_record, unmatched), "layout");

/* What is true of a whole drain. */
struct ring_read {
	u64 state;		/* address of the target's struct dcbs_state */
	u64 start_ns;		/* the window */
	u64 end_ns;
	u64 now;
	u64 limit_ns;		/* the earlier of both: an end after it is not the common case */
	u64 ring;		/* address */
	u64 next, last;		/* what is to be read of it */
};

/*
 * A thread of a target. Whatever the programs need as scratch lies here and not on their stacks: from
 * Linux 6.13 on, a function of a uprobe program with 64 bytes of stack or more gets a stack of its own
 * for each CPU, which another task's probe overwrites when it preempts this one.
 */
struct ring_reader {
	u64 record;		/* address of its record */
	u64 consumed;		/* its ring is read up to here */
	u64 too_deep;		/* counters of the record that are accounted for */
	u64 unmatched;
	u32 busy;		/* a program is at work here and may have been interrupted by the present one */
	u32 nr_used_buckets;		/* bins in use, listed in `used` */
	u64 has_section_sums;		/* a section_id is in some sum */
	struct record_head head;	/* scratch, like all that follows but sums, bins and used */
	struct ring_read read;
	struct section_name name;
	u32 pad;
	struct section_sum section_sums[SECTION_SUMS];
	struct bucket_sum bucket_sums[BUCKET_SUMS];
	u8 used_buckets[BUCKET_SUMS];
	struct dcbs_event events[CHUNK_EVENTS];
};

/* An open call of a --section function. */
struct function_call {
	u64 sp;		/* at entry: points to the return address */
	u64 start_ns;
	u64 inner_ns;	/* spent in calls that we saw */
	u32 section_id;
	u32 recursive;	/* a call of the same function is open below */
};

/* With what is being looked for in it: see struct thread for why that does not lie on the stack. */
struct function_calls {
	u64 serial;	/* of the last call or return */
	u32 depth;
	u32 section_id;
	u64 sp;
	u32 found;	/* depth + 1 of the call */
	u32 recursive;
	u64 return_address;
	u32 tail;	/* entered by a jump, not by a call */
	u32 generation;	/* of throttle.calls_generation, that these are of */
	struct function_call call[BPFPROF_CALLS];
};

/* A section that is open on a thread, for charging. */
struct open_section {
	u16 section_id;
	u8 slot;
	u8 first;	/* of its section_id, from the innermost outwards: a section_id is charged once */
};

/* What one call of an open section has done to memory so far, its inner sections included. */
struct call_memory {
	u64 use;	/* of its slot, without DCBS_USE_BELOW; 0: none */
	s64 grown;	/* bytes of RSS */
	s64 peak;
	u32 faults;
	u32 section_id;
};

#define QUEUED_SECTIONS 16

/* Is the stack of a wait in `waits`? The thread's own programs and on_iter_thread, on another CPU, hand it to each other. */
enum wait_sampled {
	WAIT_NONE,
	WAIT_TAKEN,		/* it goes on */
	WAIT_SENDING,		/* on_iter_thread is sending what there is of it */
	WAIT_OVER,		/* and meanwhile it has ended */
};

#define NO_GENERATION ~0U
#define CALL_SLOTS 32	/* of a record, whose calls are told apart; what is nested deeper is in its callers' figures */

/* State of a record as far as it tells which sections are open: any begin or end changes it. Read in one copy. */
struct open_sections_key {
	u64 head, last_ns, flush_ns, flush_head, use;
	u8 innermost, foreign, pad[6];
};

_Static_assert(__builtin_offsetof(struct dcbs_record, innermost) - __builtin_offsetof(struct dcbs_record, head) ==
	       __builtin_offsetof(struct open_sections_key, innermost), "layout");

enum copied_event {
	COPIED_EXIT,
	COPIED_EXEC,
	COPIED_PREPARE_EXEC,
	COPIED_FORK,
	COPIED_EVENTS,
};

/*
 * Where a thread's time and memory go. Touched by the thread's own programs, under `busy`, and by the
 * scheduler's when it is switched in, when nothing else can be at it; `woken_ns` and `inherit` by wakers.
 */
struct thread_account {
	u64 claimed_event[COPIED_EVENTS];	/* the last event of each kind, see again.bpf.h */
	u64 since_ns;		/* when we met it; 0: before the window */
	u64 exec_start_ns;	/* its sum_exec_runtime then, or shortly before the window */
	u64 exec_merged_ns;	/* of that, what has been added to its process's sum */
	u64 exec_end_ns;	/* its sum_exec_runtime when the window closed; 0: that is not yet */
	u64 off_ns;		/* since when it has been off its CPU; 0: it runs. Whoever exchanges it charges the time */
	u64 woken_ns;		/* when it was last put into a run queue */
	u64 slice_ns;		/* when it got its CPU */
	u64 slice_exec_ns;	/* its sum_exec_runtime then */
	u64 off_sample_ns;	/* when it began to wait with the stack in `waits`, or up to where that wait has been sent */
	u32 off_sampled;	/* enum wait_sampled */
	u32 off_weight;		/* how many waits that one stands for */
	u32 off_generation;		/* throttle.wait_generation then */
	u32 renewing;		/* what is known of open sections is being put together */
	u64 rate_start_ns;	/* when an epoch began in which its waits are counted */
	u32 rate_waits;		/* how many there were */
	u32 rate_before;		/* in the one before, in a sampling period */
	u64 queued_ns;		/* how long it had waited for it in a run queue */
	u64 waited_ns;		/* and before that for something else, by waited_cause */
	u32 nr_queued;		/* the sections that this was charged to, up to QUEUED_SECTIONS of them */
	u32 waited_cause;
	struct open_section queued[QUEUED_SECTIONS];
	u32 generation;		/* of throttle.wait_generation, that the above is of */
	u32 memory_generation;	/* of throttle.memory_generation, that `minor` and `major` are of; NO_GENERATION: of before the window */
	u64 on_ns;		/* up to where its running time has been charged to others' sections */
	u64 inherit;		/* record of the thread that woke it, whose section it works for; 0: none */
	u32 cause;		/* enum cause of off_ns */
	u32 busy;		/* as in struct thread */
	u32 dead;
	u32 idle;		/* its time is in ended_idle */
	u32 sections;		/* it has had a section open */
	u32 pad1;
	struct thread_sum sum;

	u64 record;		/* whose sections `open` are; 0: none are open */
	u64 own;		/* 0, or record if that is the thread's own */
	struct open_sections_key key;
	u64 listed[(BPFPROF_SECTIONS + 63) / 64];	/* scratch: sections met */
	u32 at;			/* scratch: next slot */
	u32 readable;		/* scratch: slots that have been read */
	u32 more_slots;		/* scratch: more slots are needed */
	u32 nr_open;
	u32 nr_functions;
	struct open_section open[DCBS_SLOTS];	/* marked sections, innermost first */
	struct open_section functions[BPFPROF_CALLS];	/* likewise --section functions: a tree of their own, whatever sections are marked */
	u64 functions_serial;
	u64 function_start_ns;	/* of the innermost of them */

	u64 minor, major;	/* the task's faults that are accounted for */
	u32 dirty;		/* `pending` holds something */
	u32 pad2;
	u64 mapping_vm;		/* pages of address space in the last mmap() that was counted, which may look for a place again, */
	u64 mapping_faults;	/* and the thread's faults then */
	u64 unmapping_vm;	/* likewise in the last munmap(), whose pages go piece by piece */
	struct memory_sum pending;	/* of the sections in `open` */
	s64 run, run_max;	/* growth within `pending`, and the most of it */
	struct call_memory calls[CALL_SLOTS];
	struct section_name name;	/* scratch */
	u32 pad;
	struct dcbs_slot slots[DCBS_SLOTS];	/* scratch */
};

/* A CPU's own part of a process's RSS, pages, as of its last event. */
struct rss_local {
	s32 count[4];
	u64 offset;	/* of the CPU's area, see rss.bpf.h; 0: not known */
	u64 part[4];	/* where the parts are; 0: not known */
	u32 skip;	/* so many more events are left for the one after them to account for ... */
	u32 skipped;	/* ... and so many have been */
	u32 streak;	/* events of the current thread in a section_id, for the same sections ... */
	u32 last_streak;	/* ... and for the ones before, ... */
	u32 usual;	/* ... and the shorter one of the two before */
	s32 last_part;	/* the part of anonymous pages in the last event, left out or not */
	u32 generation;	/* that this is of */
	u32 pad;
};

#define WALK_BYTES 256	/* a power of two */

/* A sample being taken: sent as far as it is filled. Native addresses follow the Python frames, so there is room for both. */
struct walker {
	u64 next;	/* frame to look at */
	u8 frame[WALK_BYTES + 8];	/* copies of a frame and the head of its code */
	u8 code[WALK_BYTES + 8];
	struct sample sample;
	struct python_frame python[SAMPLE_PYTHON + SAMPLE_NATIVE / 2 + 1];
};

struct cpu_walker {
	struct walker walker;
	u8 stack[SAMPLE_CPU_STACK - SAMPLE_STACK];	/* more of it, right behind the walker's sample */
};

struct sample_context {
	struct walker *walker;
	const struct python_layout *layout;
	struct thread_account *account;
	bool off;		/* it waits: for its own sections only */
};

#endif
