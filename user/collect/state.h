/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * state.h - a session by its parts.
 *
 * A function takes the parts that it needs. Only modules that bring parts together take the whole session: session.c,
 * window.c, snapshot.c, and those of target/, children/, samples/, stats/ and overhead/ that include this header.
 */
#ifndef COLLECT_STATE_H
#define COLLECT_STATE_H

#include "collect/facts.h"
#include "collect/gpu/gpu_census.h"
#include "collect/kernel/events.h"
#include "collect/kernel/programs.h"
#include "collect/notes.h"
#include "collect/overhead/calibrate.h"
#include "collect/overhead/cost_meter.h"
#include "collect/overhead/credit.h"
#include "collect/overhead/duty_cycle.h"
#include "collect/overhead/governor.h"
#include "collect/overhead/off_periods.h"
#include "collect/overhead/run_clock.h"
#include "collect/overhead/timed_periods.h"
#include "collect/python/awaiting.h"
#include "collect/stats/growth_trend.h"
#include "collect/stats/in_flight.h"
#include "collect/stats/slow_calls.h"
#include "collect/stats/thread_lister.h"
#include "collect/stats/time_slices.h"
#include "collect/target/function_probes.h"
#include "collect/target/target.h"

struct children;
struct sampler;

/* The event sources that a duty cycle may enable and disable. */
enum duty {
	DUTY_WAITS,	/* threads on and off their CPUs */
	DUTY_MEMORY,	/* faults and changes of RSS */
	DUTY_CALLS,	/* functions of --section */
	DUTIES,
};

/* Answers to targets that asked for their own figures. */
struct answers {
	__u64 nr, ns;		/* of the window */
	__u64 ever_ns;
};

struct overhead {
	struct governor governor;
	struct cost_meter meter;
	struct duty_cycle duties[DUTIES];
	struct off_periods *off_periods;	/* NULL: memory events have been enabled all the time */
	struct fault_counts faults;		/* for off_periods */
	struct timed_periods *timed_periods;	/* NULL: calls of functions have been timed all the time, or not at all */
	struct credit call_credit;		/* of functions, until they are reduced */
	unsigned int entries_over;		/* consecutive examinations at which the entries of functions alone were over budget */
	struct answers answers;
	struct notes reduced;			/* the reductions, for the report */
	__u64 start_ns, next_ns;		/* start_ns 0: not opened yet */
	bool remeasured;			/* the markers were over budget, and their cost has been measured once more since */
	bool exceeded;				/* the budget could not be kept */
};

/* RSS of all targets, by /proc. DCBS_UNKNOWN: it cannot be read. */
struct rss_total {
	__s64 start_bytes, end_bytes, peak_bytes;
	__u64 read_ns;		/* when it was read last */
};

struct session_window {
	double started_at;		/* Unix time */
	enum dcbs_ended_by ended_by;
	__u64 begun_missed;		/* sections open when the window began, for which the map `begun` had no room */
	__u64 disordered;		/* sum of the records' counts when the window began, see struct dcbs_record */
	__u64 baselines_missed;		/* records for which the map `baselines` had none */
};

struct session {
	struct dcbs_options opts;
	struct programs bpf;
	struct events events;
	struct thread_lister lister;
	struct calibration costs;
	struct run_clock run_clock;
	struct target_list targets;
	struct function_probes probes;
	struct gpu_probes gpu_probes;
	struct gpu_census gpu_census;
	struct children *children;	/* NULL: children are not followed */
	struct sampler *sampler;	/* NULL: stacks are not sampled */
	struct overhead overhead;
	struct rss_total rss;
	struct growth_trend growth;
	struct in_flight in_flight;
	struct time_slices slices;
	struct slow_calls slow_calls;
	struct awaiting awaiting;
	struct session_window window;
	struct notes notes;
	struct snapshot_host host;	/* as it was at the start */
	__u64 attached_ns;		/* when session_start() had attached */
	__u64 images_missed;		/* calls of execve() that were followed by another before the target was examined */
};

#endif
