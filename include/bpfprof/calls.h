/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* calls.h - calls of --section functions, as the BPF programs keep them while they are open. */
#ifndef BPFPROF_CALLS_H
#define BPFPROF_CALLS_H

#include <linux/types.h>

#define BPFPROF_OPEN_CALLS	16384	/* open calls of --section functions in all processes together */
#define BPFPROF_CALLS		64	/* open calls of --section functions on a thread, as many as the kernel allows */

/*
 * The cookie of a probe on a --section function: the section's id, the number of the function, so that calls of several
 * functions do not mix, and flags.
 */
#define CALL_COOKIE(section_id, function, flags) ((__u64)(flags) << 48 | (__u64)(function) << 16 | (section_id))
#define CALL_SECTION(cookie)	((__u16)(cookie))
#define CALL_FUNCTION(cookie)	((__u32)((cookie) >> 16))
#define CALL_FLAGS(cookie)	((__u16)((cookie) >> 48))
#define CALL_GO		1	/* the function is Go's, whose runtime moves stacks: a place on one counts from its end */
#define CALL_EMPTY	2	/* the function is a return instruction alone: its calls take no time */

/*
 * An open call of a --section function, key of `calls`: its place on a stack, which no other call shares until it has ended,
 * on whatever thread or fiber that may be.
 */
struct call_key {
	__u64 sp;		/* at entry, where it points to the return address. Go: distance from the end of the stack */
	__u64 stack;		/* Go: the goroutine; 0: any stack of the process */
	__u32 tgid;		/* in the initial PID namespace */
	__u32 function;
};

#define OPEN_CALL_OBSERVED	1	/* it began in an on-period */
#define OPEN_CALL_ENDED_LATE	2	/* it ended after the window, so it was open at its end */
#define OPEN_CALL_OWN_STACK	4	/* it is on its thread's own stack */

struct open_call {
	__u64 start_ns;
	__u64 inner_ns;		/* time in calls that this one made and that were timed */
	__u64 return_address;	/* at sp, while the call is open */
	struct call_key parent;	/* the call that it was made in; function 0: none */
	__u32 tid;
	__u16 section_id;
	__u8 recursive;		/* an outer call of the same section is open */
	__u8 flags;		/* OPEN_CALL_* */
	__u32 generation;	/* of throttle.calls_generation */
	__u32 pad;
};

_Static_assert(sizeof(struct call_key) == 24 && sizeof(struct open_call) == 64, "layout");

#endif
