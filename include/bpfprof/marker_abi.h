/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * marker_abi.h - the memory of the marker library in the target, as the profiler and its BPF programs read it.
 *
 * One record per thread, written by that thread alone unless another thread ends one of its sections,
 * plus one table of names and one state per process. The profiler only ever reads them. Everything here
 * is untrusted input to it: every index, count and pointer is bounded before use.
 *
 * How a section travels. begin() takes a free slot of the thread's record and puts it above the
 * innermost open one. end() frees it and appends one struct dcbs_event to the ring. After DCBS_BATCH
 * events, or a millisecond, end() calls dcbs_marker_flush(record): the probed function, a return
 * behind three nops. BPF copies the new events out of the ring, from its own index to `head`, so
 * several profilers can read one target and none needs to write to it.
 *
 * How time is divided. Sections nest within a flow. A flow is a logical thread: the thread itself, or
 * one of the coroutines that take turns on it. The wall time of a flow always belongs to its innermost
 * open section: the one begun last. At every begin and end the time since `last_ns` is added to that
 * slot's self_ns. So self times within a flow never overlap and never go negative, even if its sections
 * end in any order. Sections of different flows are open at the same time, and their times add up.
 *
 * How flows are kept. The slots of the record are for the first flow, the thread itself. The sections of
 * other flows, and those of the first one that find no free slot, are in struct dcbs_flow_slot: pieces of
 * memory that the thread maps when it needs them, linked from `flow_chunks`. The table `flow_table` has
 * the innermost open section of each flow, by the flow's number: the address of a CPython context, or the
 * number that dcbs_flow_enter() was given. `flow_at` is the address of the word that holds the number of the
 * current flow: the interpreter's own word, or `flow_id`. A number that is not in the table is the first flow's.
 *
 * How the record is read by others. The owner publishes an event by storing `head` after it (same
 * thread: a compiler barrier), so a BPF program that runs on the thread sees whole events only. A
 * reader elsewhere reads `head` a second time afterwards and drops the events overwritten meanwhile.
 *
 * How the profiler finds it all. Each copy of the library carries an ELF note (owner "dcbs",
 * type DCBS_NOTE_TYPE) whose four words lead to the flush function, the semaphore, the state and the table of calls.
 * The thread's pointer to its record lies at thread pointer + tls_offset, the same for all threads.
 */
#ifndef BPFPROF_MARKER_ABI_H
#define BPFPROF_MARKER_ABI_H

#include <linux/types.h>

#define DCBS_ABI		3	/* raised whenever a layout below changes */

#define DCBS_SLOTS		64	/* 0 is "no section", the last is never used: 62 are for the thread itself */
#define DCBS_DEPTH		(DCBS_SLOTS - 2)
#define DCBS_FLOW_SLOTS		818	/* in a chunk, which has 64 KiB */
#define DCBS_FLOW_CHUNKS	160	/* of a thread: it can have 130,880 sections open besides those in slots of its record */
#define DCBS_FLOW_PROBES	32	/* places of `flow_table` that a search looks at */
#define DCBS_RING		1024	/* events; a power of two, at least twice DCBS_BATCH */
#define DCBS_BATCH		512	/* events that make end() flush */
#define DCBS_FLUSH_NS		1000000	/* end() also flushes this long after the last flush */
#define DCBS_NAMES		512	/* names a process can register; 0 and DCBS_NAME_OTHER are reserved */
#define DCBS_NAME_BYTES		120	/* with the terminating zero */
#define DCBS_NAME_OTHER		1	/* stands for all names that do not fit into the table */

#define DCBS_NOTE_OWNER		"dcbs"
#define DCBS_NOTE_TYPE		0x64636273
#define DCBS_STATE_MAGIC	0x6b72616d73626364ULL	/* "dcbsmark" */
#define DCBS_RECORD_MAGIC	0x6365727362626364ULL	/* "dcbbsrec" */

/* Offsets from the entry of dcbs_marker_flush at which a probe may be placed, see user/marker/probe.S. */
#define DCBS_PROBE_NOP1		0
#define DCBS_PROBE_NOP5		1
#define DCBS_PROBE_NOP10	6

/*
 * Offset of an instruction behind the function's end, which is never executed. A probe there raises the semaphore to 2 and
 * so asks the library to flush full batches of DCBS_BATCH events only, regardless of time. A library that supports this
 * has these bytes there.
 */
#define DCBS_PROBE_SELDOM	17
#define DCBS_PROBE_SELDOM_CODE	"\xc3\x90\xc3"	/* from the byte before that offset on */

enum dcbs_name_kind {
	DCBS_NAME_FREE = 0,
	DCBS_NAME_SECTION = 1,
	DCBS_NAME_CACHE = 2,
	DCBS_NAME_FORWARD = 3,		/* a model's forward pass */
	DCBS_NAME_GENERATION = 4,	/* a model's generation */
};

enum dcbs_event_kind {
	DCBS_EVENT_NONE = 0,
	DCBS_EVENT_SECTION = 1,		/* value_ns: duration */
	DCBS_EVENT_OPEN_TIME = 2,	/* value_ns: additional time the section was open in its flow, see DCBS_OUTERMOST */
	DCBS_EVENT_CACHE_HIT = 3,	/* value_ns: access time */
	DCBS_EVENT_CACHE_MISS = 4,	/* value_ns: computation time */
	DCBS_EVENT_CACHE_SIZE = 5,	/* value_ns: size in bytes */
	DCBS_EVENT_ITEMS = 6,		/* value_ns: items that did not fit into the 32 bits of a section's event */
};

enum dcbs_in_flow {
	DCBS_OTHER_FLOW = 1,	/* the current flow is not the first one */
	DCBS_FIRST_FLOW_FULL = 2,	/* sections of the first flow are in chunks, too */
};

enum dcbs_event_flag {
	DCBS_OUTERMOST = 1,	/* no other call of the same section was open in the flow at begin */
	DCBS_ERROR = 2,		/* ended by an exception, or marked failed */
	DCBS_NO_START = 4,	/* begun while no profiler was attached: value_ns is 0 and not measured */
	DCBS_SELF_FROM_0 = 8,	/* self_ns counts from time 0, not from begin: the reader subtracts its own start */
	DCBS_TOOK_OVER = 16,	/* only in a slot: became the outermost of its name later than it began */
	DCBS_CANCELLED = 16,	/* only in an event: its task was cancelled */
	DCBS_OPEN_AT_EXIT = 32,	/* still open when its thread ended; the event covers it until then. Another thread may end it yet */
	DCBS_AFTER_EXIT = 64,	/* ended after such an event: self_ns is the time since then, of no thread */
	DCBS_IN_FLOW = 128,	/* of another flow than the thread's first one: it was not running all the time */
};

/* One finished section or one cache operation. Times are ns of CLOCK_MONOTONIC. */
struct dcbs_event {
	__u64 end_ns;
	__u64 value_ns;
	__u64 self_ns;
	__u32 items;
	__u16 name;
	__u8 kind;		/* enum dcbs_event_kind */
	__u8 flags;		/* enum dcbs_event_flag */
};

/*
 * One open section. `use` is the token by which it is ended, see dcbs_use_*(); 0: the slot is free.
 * self_ns, outer_ns and flags are kept only while a profiler is attached; self_ns is the self time
 * at the thread's last begin or end. The last four fields lie as in struct dcbs_event, so that they can
 * be copied as one word.
 */
struct dcbs_slot {
	__u64 use;
	__u64 start_ns;		/* 0: begun while no profiler was attached */
	__u64 self_ns;
	__u64 outer_ns;		/* with DCBS_TOOK_OVER: when it became the outermost of its name; with DCBS_AFTER_EXIT: time of that event */
	__u32 items;
	__u16 name;
	__u8 kind;		/* DCBS_EVENT_SECTION */
	__u8 flags;		/* enum dcbs_event_flag */
};

/*
 * A use of a slot: bits 0-5 the slot, bits 6-11 the slot that was innermost before (0: none), the
 * rest a serial number. The list of open sections runs from `innermost` along bits 6-11.
 */
#define DCBS_USE_BELOW	(63ULL << 6)
#define DCBS_USE_SERIAL	(1ULL << 12)
#define DCBS_USE_ENDED	(1ULL << 63)	/* ended by another thread; its own thread has yet to take it out of the list */

static inline __attribute__((always_inline)) __u32 dcbs_use_slot(__u64 use)
{
	return use & 63;
}

static inline __attribute__((always_inline)) __u32 dcbs_use_below(__u64 use)
{
	return use >> 6 & 63;
}

/* An open section in a chunk. Its token's `record` is the slot's address + 1. The slot's `use` has a serial number alone. */
struct dcbs_flow_slot {
	struct dcbs_slot slot;	/* flags: DCBS_IN_FLOW unless the section is of the first flow */
	__u64 since_ns;		/* time up to which self_ns counts; 0: no profiler was attached then; DCBS_COVERED: not the innermost */
	__u64 flow;		/* number of its flow; DCBS_FIRST_FLOW: the first one */
	__u64 below;		/* address of the section that was the innermost of the flow before; 0: none */
	__u64 record;		/* struct dcbs_record * */
	__u64 ended;		/* address of the next slot in the list `flow_ended` */
};

#define DCBS_COVERED	(~0ULL)
#define DCBS_FIRST_FLOW	(~0ULL)

struct dcbs_flow_chunk {
	__u64 next;		/* struct dcbs_flow_chunk *, mapped before this one */
	__u64 reserved;
	struct dcbs_flow_slot slots[DCBS_FLOW_SLOTS];
	__u64 pad[10];
};

/* A place of `flow_table`. The number is looked for from dcbs_flow_place() on. A free place ends the search. */
struct dcbs_flow {
	__u64 id;		/* 0: the place is free */
	__u64 innermost;	/* struct dcbs_flow_slot * */
};

#define DCBS_FLOW_BITS 63ULL	/* of flow_table */

static inline __attribute__((always_inline)) __u32 dcbs_flow_bits(__u64 table)
{
	return table & DCBS_FLOW_BITS;
}

static inline __attribute__((always_inline)) __u32 dcbs_flow_place(__u64 id, __u32 bits)
{
	return (__u32)(id * 0x9e3779b97f4a7c15ULL >> (64 - bits));
}

/*
 * A thread's record. It is never unmapped. When the thread ends, another thread reuses the record,
 * and `use` goes on, so that a token of the former thread cannot match.
 */
struct dcbs_record {
	__u64 magic;
	__u64 head;		/* events ever written; the next one goes to ring[head % DCBS_RING] */
	__u64 last_ns;		/* of the last begin or end; 0: no profiler was attached then */
	__u64 flush_ns;		/* of the last flush */
	__u64 flush_head;	/* head at the last flush */
	__u64 use;		/* serial number of the last use of a slot, in steps of DCBS_USE_SERIAL */
	__u8 innermost;		/* slot; 0: no section is open in a slot */
	__u8 flow_serial;	/* 1: the word behind that at `flow_at` changes whenever the current flow does, and never has a value again */
	union {
		struct {
			__u8 foreign;	/* another thread has ended a section of this record: its slot is to be released */
			__u8 in_flow;	/* enum dcbs_in_flow */
		};
		__u16 unusual;	/* both */
	};
	__u32 tid;		/* as the target sees it; 0: the thread has ended */
	__u64 flow_at;		/* address of the number of the current flow; 0: there is only the first flow */
	__u64 flow_table;	/* struct dcbs_flow *, and in its lowest 6 bits the binary logarithm of its size; 0: none */
	__u32 flow_open;	/* sections that are open in chunks */
	__u32 flows;		/* used places of the table */
	__u64 flow_id;		/* number of the current flow, as the library knows it; 0: the first one */
	__u64 flow_chunks;	/* struct dcbs_flow_chunk *, the last one */
	__u64 flow_ended;	/* struct dcbs_flow_slot *, sections that other threads have ended */
	__u64 next;		/* struct dcbs_record *, the process's list */
	__u64 state;		/* struct dcbs_state * */
	__u64 too_deep;		/* begins that found no free slot */
	__u64 unmatched;	/* ends without an open begin */
	__u64 foreign_ns;	/* when another thread last ended a section of this record */
	__u64 base;		/* head when this thread took the record: older events are of another thread */
	__u64 disordered;	/* sections that ended in a slot while others that began later were open in slots */
	__u64 flow_free;	/* struct dcbs_flow_slot *, a list along `below` */
	__u32 flow_fresh;	/* slots of the last chunk that have never been used are those from here on */
	__u32 flow_nr_chunks;
	__u64 reserved[2];
	struct dcbs_slot slots[DCBS_SLOTS];
	__u8 nested[DCBS_NAMES];	/* calls of that section open on this thread; kept while last_ns is not 0 */
	struct dcbs_event ring[DCBS_RING];
};

struct dcbs_name {
	char text[DCBS_NAME_BYTES];	/* bytes as the program gave them; a longer name is cut and ends in ~ and its hash */
	__u32 hash;			/* FNV-1a of the whole name */
	__u8 kind;			/* enum dcbs_name_kind, stored last: 0 while the entry is being written */
	__u8 pad[3];
};

/* One per copy of the library. */
struct dcbs_state {
	__u64 magic;
	__u32 abi;
	__u32 names_used;
	__s64 tls_offset;	/* distance of the thread's struct dcbs_record * from the thread pointer */
	__u64 leader;		/* struct dcbs_state * of the copy that records for this process, maybe this one; 0: not started */
	__u64 records;		/* struct dcbs_record *, head of the list */
	__u64 names_lost;	/* names that did not fit into the table */
	__u64 reserved[2];
	struct dcbs_name names[DCBS_NAMES];
};

/* The content of the ELF note: distances from the note's own words, so that it needs no relocation. */
struct dcbs_note {
	__u32 abi;
	__u32 pad;
	__s64 flush;		/* address of dcbs_marker_flush - address of this word */
	__s64 semaphore;	/* distance of the 16-bit counter of attached probes */
	__s64 state;		/* distance of struct dcbs_state */
	__s64 call;		/* distance of the table of calls that another copy uses when this one leads */
};

_Static_assert(sizeof(struct dcbs_event) == 32, "read by BPF in one copy");
_Static_assert(sizeof(struct dcbs_slot) == 40, "layout");
_Static_assert(sizeof(struct dcbs_name) == 128, "layout");
_Static_assert(__builtin_offsetof(struct dcbs_record, slots) == 192, "three cache lines of header");
_Static_assert(sizeof(struct dcbs_record) == 192 + 40 * 64 + 512 + 32 * DCBS_RING, "layout");
_Static_assert(sizeof(struct dcbs_flow_slot) == 80 && sizeof(struct dcbs_flow_chunk) == 65536, "layout");
_Static_assert(__builtin_offsetof(struct dcbs_state, names) == 64, "layout");
_Static_assert((DCBS_RING & (DCBS_RING - 1)) == 0 && DCBS_RING >= 2 * DCBS_BATCH, "a full batch must fit into half of the ring");

#endif
