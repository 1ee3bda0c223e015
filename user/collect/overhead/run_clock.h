/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * run_clock.h - switches the kernel's measurement of the run time of BPF programs on and off.
 *
 * The kernel reads the clock twice a run, which slows every BPF program of the machine. So the measurement is on for a quarter of
 * a second every ten seconds.
 */
#ifndef COLLECT_OVERHEAD_RUN_CLOCK_H
#define COLLECT_OVERHEAD_RUN_CLOCK_H

#include "collect/kernel/programs.h"

struct run_clock {
	bool on;
	unsigned int times;	/* how often it has been switched on */
	__u64 on_ns, next_ns;	/* when it was switched on last, and when it is to be switched on next */
};

/* Switches the measurement on or off when that is due. */
void run_clock_poll(struct run_clock *clock, const struct programs *bpf);

/* Has the programs measured anew at once: what they do has changed. */
void run_clock_repeat(struct run_clock *clock);

void run_clock_close(struct run_clock *clock);

#endif
