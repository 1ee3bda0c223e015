/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* events.h - the programs on the kernel's events, attached all the time or during on-periods. */
#ifndef COLLECT_KERNEL_EVENTS_H
#define COLLECT_KERNEL_EVENTS_H

#include "collect/kernel/links.h"
#include "collect/kernel/programs.h"
#include "collect/kernel/tick_jitter.h"

struct events {
	struct links links;			/* attached from start to end */
	struct tick_jitter tick_jitter;		/* of the ticks at which running time is charged to flows */
	struct tick_jitter sample_jitter;	/* of the sampling ticks */
	int waits[3];				/* links of the programs that follow threads on and off their CPUs */
	int memory[2];				/* links of the programs that follow RSS and the address space */
	bool waits_known;			/* this kernel has all events that show why a thread waits */
	bool memory_known;			/* this kernel has the events of RSS */
};

/* Attaches all programs. frequency_hz: of stack samples; 0: none. */
int events_attach(struct events *events, const struct programs *bpf, int frequency_hz);

/* Attach the programs that are not attached yet. Programs that were not loaded are skipped. */
int events_attach_waits(struct events *events, const struct programs *bpf);
int events_attach_memory(struct events *events, const struct programs *bpf);

/* Attaches the program on wake-ups that cpu_quota.bpf.h and queue_wait.bpf.h need, if they have found that they do. */
void events_complete_waits(struct events *events, const struct programs *bpf);

void events_detach_waits(struct events *events);
void events_detach_memory(struct events *events);

/* Gives ticks new periods, if it is time. Returns the CLOCK_MONOTONIC ns of the next time; ~0: with the next poll of the session. */
__u64 events_change_ticks(struct events *events);

void events_close(struct events *events);

#endif
