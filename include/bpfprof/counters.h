/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* counters.h - what the BPF programs have done, and what they could not do. */
#ifndef BPFPROF_COUNTERS_H
#define BPFPROF_COUNTERS_H

#include <linux/types.h>

/* Written by the BPF programs. The profiler reads it in place. */
struct counters {
	__u64 flushes;		/* hits of the marker's probe */
	__u64 switches;		/* of the targets' threads, at which rings were read */
	__u64 ticks;
	__u64 calls;		/* hits of --section entry probes */
	__u64 call_ends;	/* hits of the probes at the ends of their calls */
	__u64 events;		/* read from rings */
	__u64 lost_overwritten;	/* events that the target overwrote before they were read */
	__u64 lost_garbage;	/* events and records that make no sense */
	__u64 lost_unread;	/* events in a ring whose pages were absent: swapped out */
	__u64 lost_too_deep;	/* begins that found no free slot, or calls deeper than BPFPROF_CALLS */
	__u64 lost_unmatched;	/* ends without a begin; calls that were abandoned by longjmp() */
	__u64 lost_slow_calls;	/* that would have been among the slowest ones, but several threads took entries at once */
	__u64 lost_section_ids;	/* new names when all section ids were taken */
	__u64 lost_names;	/* names that could not be read */
	__u64 memory_short;	/* times that there was no memory for a thread's storage: its next event tries again */
	__u64 exits_unread;	/* threads that exited on a kernel that does not let us read their last events */
	__u64 section_ids_used;
	__u64 wakings;		/* wake-ups of the targets' threads ... */
	__u64 wakeups;		/* ... and those of them whose time was noted */
	__u64 rss_events;	/* changes of RSS that were charged one by one ... */
	__u64 rss_skipped;	/* ... and those that were skipped, for a later event to charge */
	__u64 samples;		/* samples of stacks that were sent ... */
	__u64 wait_samples;	/* ... and those of them that are of waits */
	__u64 lost_samples;	/* samples for which there was no room */
	__u64 stacks_broken;	/* samples whose Python frames could not all be read */
	__u64 lost_open_sections;	/* events whose sections could not be read: charged to "(outside)" */
	__u64 processes;	/* processes so far: the last serial number */
	__u64 lost_processes;	/* children for which there was no entry: they are not followed */
	__u64 lost_parts;	/* additions to a section's statistics that are in no process's part */
	__u64 sections_cut;	/* lists of open sections that were too long: the outermost ones are not charged */
	__u64 flow_twice_ns;	/* time that is self time of two sections: one of the current flow, and one of its thread's first flow */
	__u64 neighbours_ns;	/* the sum of `neighbours`, and of those for which it had no room */
	__u64 gpu_calls;	/* timed calls of drivers of GPUs that returned ... */
	__u64 gpu_short_calls;	/* ... and those of them that took less than GPU_IDLE_NS */
	__u64 gpu_launches;	/* hits of the probes of censuses */
	__u64 gpu_memory_calls;	/* calls for their memory that returned ... */
	__u64 gpu_memory_unplaced;	/* ... and those of them whose sections could not be read */
};

#endif
