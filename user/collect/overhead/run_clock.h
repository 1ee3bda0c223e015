/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * run_clock.h - when the kernel measures the run time of BPF programs.
 *
 * Its two clock reads a run are a cost to every BPF program of the machine, so it measures for a quarter of a second every
 * ten seconds.
 */
#ifndef COLLECT_OVERHEAD_RUN_CLOCK_H
#define COLLECT_OVERHEAD_RUN_CLOCK_H

#include "collect/kernel/programs.h"

struct run_clock {
	bool on;
	unsigned int times;	/* how often it has been switched on */
	__u64 on_ns, next_ns;	/* when it was switched on last, and when it will be again */
};

/* Switches the measurement on or off if it is time to. */
void run_clock_poll(struct run_clock *clock, const struct programs *bpf);

void run_clock_close(struct run_clock *clock);

#endif
