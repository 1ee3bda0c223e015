/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * types.bpf.h - the structures that the BPF programs keep for themselves, and the rules for their use.
 *
 * Scope. A profiler loads its own copies of all programs and maps. It only reads the target's memory; all that
 * changes there is the kernel's counter of probes. Each profiler has its own index into each ring, so several
 * profilers read one target without knowing of each other. Two maps describe the time before us: `baselines` the
 * counters of a record at attach, `begun` the self time that an open section had when the window began. The
 * profiler writes both.
 *
 * Shared maps. A program runs at any time on any CPU, and several run at once. `stats`, `ledgers`, `parts`,
 * `process_sums` and `counters` are therefore changed by atomic adds and exchanges, and their extremes by
 * store_max(), a compare-and-swap loop. Section ids are drawn from an atomic counter. If two CPUs draw one for the
 * same new name, BPF_NOEXIST on `section_ids` decides, and the other id stays empty. on_fork fills in a child's
 * entry of `processes` and stores `serial` last; `threads` and `execs` are changed atomically; the other fields
 * have one writer at a time (exec, the last exit, the profiler at attach). Events change only their own CPU's
 * entry of `rss_locals`; rss_exact() sets the entries of all CPUs when the window opens and when a process begins
 * or executes an image.
 *
 * Per-thread maps. `ring_readers`, `thread_accounts`, `open_calls` and `waits` are task storage. With the
 * exceptions below, only programs that run on the thread itself change them. The only rival of a program is then
 * another one that interrupted it, such as a tick or a switch in the middle of a probe. The lock for that is
 * `busy`. No program waits for it: one that finds it set returns and leaves the work to the one that it
 * interrupted. reader_lock() takes it in a ring reader, and nothing is lost then. account_lock() takes it in a
 * thread account; a switch that finds it set does not charge the wait that begins there. `open_calls` has no lock:
 * two probes write it, and others compare `serial`. The probes of drivers of GPUs write `gpu` and `gpu_memory` of an account without the lock.
 *
 * Exceptions, without the lock:
 *
 *  * on_switch prepares the account of the next thread (thread_scheduled()), which does not run yet, and on_fork the
 *    account and the ring reader of a new thread or process.
 *  * on_waking and on_wakeup store `inherit`, `inherit_flow`, `woken_by_own`, `woken_ns`, `cfs_rq` and `throttled_ns` from the
 *    waker's CPU: one word each.
 *  * on_iter_thread, in the profiler, reads ring readers and accounts. It must not take the lock: it may be preempted, and
 *    the thread would go unread meanwhile. It charges a wait that goes on: it exchanges `off_ns` by compare-and-swap, as
 *    the thread does by an atomic exchange when it is switched in, and whichever of them takes the old value charges it.
 *    It also fills in the account of a thread that is off its CPU when its observation begins. For `off_sampled` see enum
 *    wait_sampled.
 *  * A sampling tick that finds the account busy reads the open sections into an account of its CPU, open_sections_apart().
 *
 * User space maps `stats`, `ledgers`, `processes` and the globals and reads them in place. Each word is whole, but a
 * call may be in the count and not yet in the sum. At the end the profiler waits, for a second at most, until no
 * ring reader is busy or holds sums. Then it reads the rest of each ring itself, from `consumed` on.
 *
 * Thread account. struct thread_account is all that is known of a thread's time and memory: since when it is off
 * its CPU and why, which sections are open on it (a copy, valid while the record's key is unchanged), and the
 * memory events that have yet to be charged to them (`pending`). When the thread ends, its account is merged into
 * its process's totals, once.
 *
 * Slice. A slice lasts from the switch that gives a thread its CPU to the switch that takes it away. The wait
 * before it has two parts: from `off_ns` by its cause, and from queued_since() to `slice_ns` in a run queue. The
 * second part begins with the time in which the CPU quota was used up, if there is one.
 * Both are charged when the slice begins, to the sections that were open when the thread was switched out. When
 * the slice ends, its length is compared with the kernel's sum_exec_runtime. Time that the kernel did not count is
 * run-queue wait; time that it counted beyond the slice is taken off the waits before it. Running time is what
 * remains of the wall time, so it is not charged.
 *
 * Wake-up attribution. A thread without an open section of its own is charged to the sections of the thread that
 * woke or created it. `inherit` is that thread's record, or the record that that thread was charged to itself. The record is read at
 * each event, as it is then. A waker counts if it is of the same process and runs its own code rather than an
 * interrupt, and if the woken thread was not waiting for the GIL. The attribution ends when the thread next waits.
 * Its running time and its memory are charged to those sections, its waits are not.
 *
 * Flows. A thread may run many flows in turn, see marker_abi.h. An event is charged to the sections of the flow that is current
 * then, and to those of the thread's first flow, in which the others run. A wait belongs to the flow that was current when the
 * thread was switched out. No event tells when the current flow changes, so the running time of flows is an estimate: at each tick
 * the time that the kernel has let the thread run since the last tick is charged to the sections of the flow that is current.
 * Together the flows of a thread get the thread's running time, no more. The rest of a section's time its flow was not current.
 *
 * Generations. To keep the overhead within its budget, the profiler may observe waits, memory and --section calls
 * in on-periods only, see struct throttle. It raises the generation when an on-period begins. Every state notes
 * the generation that it is of, and state of another generation is dropped: a wait or a call that spans an
 * off-period is never charged. Within on-periods each wait counts `wait_weight` times. Memory is extrapolated in
 * user space.
 *
 * Bounds. All arrays have a fixed size and every index is masked or compared; all loops have a fixed limit. The
 * target's memory is untrusted, and each field is checked before use. Data that do not fit, cannot be read or make no
 * sense are counted as lost in struct counters, and the report prints these counters.
 */
#ifndef BPF_STATE_TYPES_H
#define BPF_STATE_TYPES_H

#include "state/kernel.h"
#include "bpfprof/abi.h"
#include "rules/gpu/gpu_types.bpf.h"
#include "slow/slow_types.bpf.h"

/*
 * Sums that wait in a thread's own storage. An atomic add costs as much as all the rest of reading an event and
 * keeps the CPU from overlapping one event with the next. So the marker's probe adds here, with plain stores, and
 * a switch or a tick carries the sums to `stats`: at most a few milliseconds later.
 */
#define SECTION_SUMS 8		/* sections at a time */
#define BUCKET_SUMS 128	/* buckets at a time, of all sections together */
#define CHUNK_EVENTS 128	/* copied from the ring at a time */

struct section_sum {
	u64 section_id;
	u64 count;
	u64 sum_ns;
	u64 inner_ns;		/* part of sum_ns: calls inside another call of the same section */
	u64 self_ns;
	u64 slow_ns;		/* section_stat.slow_ns, or what it was: a longer call may be among the slowest ones */
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
	u8 innermost, flow_serial, foreign, in_flow;
	u32 tid;
	u64 flow_at, flow_table;
	u32 flow_open, flows;
	u64 flow_id, flow_chunks, flow_ended;
	u64 next, state, too_deep, unmatched, foreign_ns, base;
};

_Static_assert(__builtin_offsetof(struct record_head, base) == __builtin_offsetof(struct dcbs_record, base), "layout");
_Static_assert(__builtin_offsetof(struct record_head, unmatched) == __builtin_offsetof(struct dcbs_record, unmatched), "layout");

/* One reading of a ring. */
struct ring_read {
	u64 state;		/* address of the target's struct dcbs_state */
	u64 start_ns;		/* of the window, or of the process if that is later */
	u64 end_ns;
	u64 now;
	u64 limit_ns;		/* the earlier of `end_ns` and `now`: an event that ends later takes the slow path */
	u64 ring;		/* address of the ring */
	u64 next, last;		/* events to read: from `next` up to `last`, without it */
};

/*
 * Reads the ring of one thread. All scratch space of the programs lies here and not on their stacks: since Linux
 * 6.13, a function of a uprobe program with 64 bytes of stack or more gets one stack per CPU, and another task's
 * probe overwrites it when it preempts this one.
 */
struct ring_reader {
	u64 record;		/* address of its record */
	u64 consumed;		/* events of its ring that have been read, in terms of dcbs_record.head */
	u64 too_deep;		/* counters of the record, as far as they are accounted for */
	u64 unmatched;
	u32 busy;		/* the lock: a program works here, and the present one may have interrupted it */
	u32 nr_used_buckets;	/* bucket sums in use, listed in `used_buckets` */
	u64 has_section_sums;	/* a section sum is in use */
	struct record_head head;	/* scratch, like all that follows except the sums and `used_buckets` */
	struct ring_read read;
	struct section_name name;
	u32 pad;
	struct section_sum section_sums[SECTION_SUMS];
	struct bucket_sum bucket_sums[BUCKET_SUMS];
	u8 used_buckets[BUCKET_SUMS];
	struct dcbs_event events[CHUNK_EVENTS];
	struct slow_search slow;
};

/* An open call of a --section function, in the list of its thread. */
struct function_call {
	u64 start_ns;
	u64 return_address;
	struct call_key key;
	u32 section_id;
	u32 own_stack;	/* it is on the thread's own stack, not on a fiber's or a signal handler's */
};

/*
 * The calls that are open on a thread, by which its waits are charged, and the arguments of a search among them: see struct
 * ring_reader for why these are not on the stack. The calls themselves are in the map `calls`.
 */
struct function_calls {
	u64 serial;	/* raised by each call and each return */
	u32 depth;
	u32 generation;	/* value of throttle.calls_generation that the calls are of */
	u32 section_id;	/* of the call that begins or ends */
	u32 own_stack;	/* it is on the thread's own stack */
	struct call_key key;	/* its place */
	u64 stack_start, stack_end;	/* the mapping of the thread's own stack; end 0: not known yet */
	u64 found_address;	/* scratch: what is at a place now */
	u32 found;	/* scratch: depth + 1 of the call that ends; 0: it is not in the list */
	u32 recursive;	/* scratch */
	struct open_call open;	/* scratch: the call that begins */
	struct slow_search slow;	/* scratch: the call that ends */
	struct call_key innermost;	/* the call that began last and is open; function 0: unknown */
	u32 innermost_own;	/* it is on the thread's own stack */
	u32 pad;
	struct function_call call[BPFPROF_CALLS];
};

/* A section that is open on a thread, as it is charged. */
struct open_section {
	u16 section_id;
	u8 slot;	/* SLOT_IN_CHUNK: not in the record */
	u8 first;	/* enum first_open */
};

#define SLOT_IN_CHUNK	(DCBS_SLOTS - 1)	/* never used in a record */
#define FLOW_DEPTH	(DCBS_SLOTS / 2)	/* open sections of a flow that are charged, from the innermost one on */

/*
 * Each section_id is charged once, where it is innermost. But the sections of the current flow and those of the thread's
 * first flow, in which it runs, have times of their own: a section_id that is open in both is charged with time for each.
 */
enum first_open {
	NOT_FIRST,
	FIRST,
	FIRST_OF_THREAD,	/* the first one of the thread's first flow, while the current flow has one, too */
};

/* The effect of one call of an open section on memory so far, with its inner sections. */
struct call_memory {
	u64 use;	/* of its slot, without DCBS_USE_BELOW; 0: unused */
	s64 grown;	/* bytes of RSS */
	s64 peak;
	u32 faults;
	u32 section_id;
};

#define QUEUED_SECTIONS 16

/*
 * State of a wait's stack in `waits`. The thread's own programs and on_iter_thread, which runs on another CPU,
 * hand it to each other by compare-and-swap.
 */
enum wait_sampled {
	WAIT_NONE,
	WAIT_TAKEN,		/* the wait goes on */
	WAIT_SENDING,		/* on_iter_thread sends the part of it that has passed */
	WAIT_OVER,		/* it has ended during that */
};

#define NO_GENERATION ~0U
#define CALL_SLOTS 32	/* slots with a struct call_memory; deeper calls are part of those around them */

/*
 * The fields of a record that change when a section begins or ends on its thread, read in one copy, and the number of the flow
 * whose sections are meant.
 */
struct open_sections_key {
	u64 head, last_ns, flush_ns, flush_head, use;
	u8 innermost, flow_serial, foreign, in_flow;
	u32 tid;
	u64 flow_at, flow_table;
	u32 flow_open, flows;
	u64 flow, serial;	/* not in the record. flow 0: the first one. serial: its number of changes, if flow_serial is set */
};

_Static_assert(__builtin_offsetof(struct dcbs_record, innermost) - __builtin_offsetof(struct dcbs_record, head) ==
	       __builtin_offsetof(struct open_sections_key, innermost), "layout");
_Static_assert(__builtin_offsetof(struct dcbs_record, flow_id) - __builtin_offsetof(struct dcbs_record, head) ==
	       __builtin_offsetof(struct open_sections_key, flow), "layout");

enum copied_event {
	COPIED_EXIT,
	COPIED_EXEC,
	COPIED_PREPARE_EXEC,
	COPIED_FORK,
	COPIED_EVENTS,
};

/* A tick that finds the account busy reads the open sections apart. */
enum tick_state {
	TICK_NONE,
	TICK_READS,
	TICK_UNNAMED,		/* ... and one of them has no id yet */
};

/* How often a thread waits. */
struct wait_rate {
	u64 start_ns;	/* of the interval in which its waits are counted */
	u32 waits;	/* since then */
	u32 before;	/* in the interval before, per sampling period */
};

/* The event loop of a thread, see bpfprof/loops.h. */
struct loop_state {
	u32 number, flows;	/* index + 1 of its entry in `event_loops`, 0: none; flows that had open sections at since_ns */
	u32 selects, has_epoll;	/* the wait since off_ns is in its selector; it has waited for an epoll set */
	u64 since_ns;		/* time up to which its time is charged; 0: no section of a coroutine was open */
	u64 hold_ns;		/* when it last came out of its selector; 0: not known */
	u64 serial, step_ns;	/* number of the step that was seen running, first at that time; 0: none */
};

/* A thread's time and memory; see the head of this file for its writers. */
struct thread_account {
	u64 claimed_event[COPIED_EVENTS];	/* token of the last event of each kind, see copies.bpf.h */
	u64 since_ns;		/* when the thread was first observed; 0: before the window */
	u64 exec_start_ns;	/* its sum_exec_runtime at since_ns, or shortly before the window */
	u64 exec_merged_ns;	/* running time that its process's totals have already */
	u64 unmerged_ns;	/* of its slice when it was merged: in the wall time, and not in exec_merged_ns yet */
	u64 exec_end_ns;	/* its sum_exec_runtime when the window closed; 0: not closed yet */
	u64 off_ns;		/* since when it is off its CPU; 0: it runs. The program that exchanges it charges the time */
	u64 woken_ns;		/* when it was last put into a run queue, as far as on_wakeup saw it */
	u64 run_delay_ns;	/* its sched_info.run_delay when it was last switched out */
	u64 slice_ns;		/* begin of its current slice */
	u64 slice_exec_ns;	/* its sum_exec_runtime at slice_ns, or when it was last switched out */
	u64 off_sample_ns;	/* start of the wait whose stack is in `waits`, or the time up to which that wait has been sent */
	u32 off_sampled;	/* enum wait_sampled */
	u32 off_weight;		/* waits that the sampled one stands for */
	u32 off_generation;	/* throttle.wait_generation at off_sample_ns */
	u32 tick;		/* enum tick_state */
	struct wait_rate rates[2];	/* of waits, and of preemptions */
	u64 queued_ns;		/* its run-queue wait before this slice */
	u64 waited_ns;		/* its wait before that, by `waited_cause` */
	u32 nr_queued;		/* sections charged with both waits; they are known up to QUEUED_SECTIONS */
	u32 waited_cause;
	u32 queued_weight;	/* wait_weight that they were charged with */
	u32 woken_by_own;	/* a thread of its process has ended the wait since off_ns */
	u64 wait_start_ns;	/* begin of the wait since off_ns, also if a part of it is charged; see cause_at_end() */
	u64 limit_ns;		/* the wait ends after that time; 0: it has no limit */
	u64 cfs_rq;		/* the run queue that it was last put into, and how long that had been throttled; see cpu_quota.bpf.h */
	u64 throttled_ns;
	u32 waits_for_files;	/* any of them, in a call that may be an event loop's selector */
	u32 waits_for_epoll;
	u32 waits_for_local;	/* local sockets are among the files that it waits for */
	struct open_section queued[QUEUED_SECTIONS];	/* `slot`: see noted_waits.bpf.h */
	u32 generation;		/* value of throttle.wait_generation that the fields above are of */
	u32 memory_generation;	/* of `minor` and `major`; NO_GENERATION: from before the window */
	u64 on_ns;		/* time up to which running time has been charged to inherited sections */
	u64 inherit;		/* record whose sections it is charged to after a wake-up; 0: none */
	u64 inherit_flow;	/* the flow of that record, as it was then */
	u64 tick_exec_ns;	/* its sum_exec_runtime at the last tick */
	u32 cause;		/* enum cause, of the wait since off_ns */
	u32 busy;		/* the lock, as in struct ring_reader */
	u32 dead;
	u32 ended_role;		/* enum ended_role: its time is there, once it is dead */
	u32 sections;		/* a section has been open on it */
	u32 pad1;
	struct thread_sum sum;
	struct loop_state loop;
	struct recent_wait recent[RECENT_WAITS];	/* a ring */
	u64 nr_recent;		/* so far */
	u64 recent_since_ns;	/* all waits since then were noted there */
	struct gpu_call gpu;
	struct gpu_memory_call gpu_memory;

	u64 record;		/* record that `open` was read from; 0: no section is open */
	u64 own;		/* equal to `record` if that is the thread's own, else 0 */
	struct open_sections_key key;
	struct open_sections_key read_key;	/* scratch */
	u64 serial;		/* key.serial, as of the last event */
	u64 listed[(BPFPROF_SECTIONS + 63) / 64];	/* scratch: section ids that are in `open` or `functions` */
	u32 at;			/* scratch: next slot */
	u32 readable;		/* scratch: slots that have been read */
	u32 more_slots;		/* scratch: the list goes on in slots that have not been read */
	u32 nr_open;
	u32 nr_flow;		/* the first of `open`: sections of the current flow, which is not the thread's first one */
	u32 nr_functions;
	u64 next_slot;		/* scratch: address of the next section of a flow */
	u64 listed_in_flow[(BPFPROF_SECTIONS + 63) / 64];	/* scratch: section ids of the first nr_flow */
	struct dcbs_flow_slot flow_slot;	/* scratch */
	u64 innermost_start_ns;	/* of the first of `open` */
	struct open_section open[DCBS_SLOTS];	/* marked sections, innermost first */
	struct open_section functions[BPFPROF_CALLS];	/* --section functions, a tree of their own */
	u64 functions_serial;
	u64 function_start_ns;	/* of the innermost function */

	u64 minor, major;	/* faults of the task that are accounted for */
	u32 dirty;		/* `pending` is not empty */
	u32 pad2;
	u64 mapping_vm;		/* pages of address space when an mmap() was last counted, ... */
	u64 mapping_faults;	/* ... and the thread's faults: while both are unchanged it is the same call */
	u64 unmapping_vm;	/* the same at the last munmap(), whose pages go piece by piece */
	struct memory_sum pending;	/* of the open sections, not yet charged */
	s64 run, run_max;	/* growth within `pending`, and its peak */
	struct call_memory calls[CALL_SLOTS];
	struct section_name name;	/* scratch */
	u32 pad;
	struct dcbs_slot slots[DCBS_SLOTS];	/* scratch */
};

/* One CPU's part of a process's RSS counters, in pages, as of its last event. */
struct rss_local {
	s32 count[4];
	u64 offset;	/* of the CPU's area, see rss_counters.bpf.h; 0: not known */
	u64 part[4];	/* addresses of the CPU's counters; 0: not known */
	u32 skip;	/* events to skip before one is charged */
	u32 skipped;	/* events skipped since then */
	u32 streak;	/* consecutive events of the current thread with the same open sections */
	u32 last_streak;	/* the streak before */
	u32 usual;	/* the shorter one of the two before the current one */
	s32 last_part;	/* the CPU's anonymous pages at the last event, skipped or not */
	u32 generation;	/* value of throttle.memory_generation that this is of */
	u32 pad;
};

#endif
