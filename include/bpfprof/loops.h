/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* loops.h - event loops, as the BPF programs see them: a thread that runs coroutines in turn, and waits for a set of files. */
#ifndef BPFPROF_LOOPS_H
#define BPFPROF_LOOPS_H

#include "bpfprof/hist.h"

#define BPFPROF_LOOPS	64	/* threads in a session; more are counted, and have no figures */

/* By what ended a wait in the selector: a file that was ready, or the limit of time, which is that of the next timer. */
enum loop_wait {
	LOOP_WAIT_NETWORK,
	LOOP_WAIT_TIMER,
	LOOP_WAIT_THREAD,	/* a thread of the process, by an eventfd or a local socket */
	LOOP_WAIT_PIPE,		/* a pipe, or the end of a child process */
	LOOP_WAITS
};

/*
 * Entry of `event_loops`. Times are those in which sections of coroutines were open on the thread: first it waits in its selector
 * (epoll_wait() and the like), then it is held until it waits there again. A hold begins when the wait is over, so the time until
 * the thread gets a CPU belongs to it, and so do all other waits. If a file is ready the selector returns at once, without a
 * switch that could be seen: then two holds are one.
 *
 * A step is the running of one callback. A word behind the current flow's number counts the changes of the flow, see
 * marker_abi.h. While this number is the same at each look, one step goes on, so what is known of its length is up to three ticks
 * too short.
 */
struct event_loop {
	__u32 pid, tid;		/* in the profiler's PID namespace */
	char comm[16];
	__u64 waited_ns;
	__u64 waited_for_ns[LOOP_WAITS];	/* parts of it: of waits that have ended, by what ended them */
	__u64 held_ns;
	__u64 flows_ns;		/* the sum over both of their lengths times the flows that had open sections */
	__u64 flows_most;
	__u64 hold_max_ns;
	__u64 hold_max_flows;	/* as of the end of that hold */
	__u64 step_max_ns;
	__u64 step_max_flows;
	__u64 steps;		/* looks at the number of changes; 0: steps are unknown */
	__u32 holds[COARSE_PLACES];	/* by their length in ns */
};

_Static_assert(sizeof(struct event_loop) == 24 + (9 + LOOP_WAITS) * 8 + 4 * COARSE_PLACES, "layout");

#endif
