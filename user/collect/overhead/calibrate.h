/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * calibrate.h - costs that are measured once on this machine, and where in the marker function the probe sits.
 *
 * The probe sits on the 1-byte nop, which every kernel emulates in its breakpoint handler. The 5-byte nop would
 * be a third cheaper on Linux 6.18, where the kernel turns a probe on it into a call of a page that it maps for that. But
 * that page is not mapped in the children that the target forks, while the call in their copy of the
 * code is: they crash at their first flush. A profiler must not do that to a job.
 */
#ifndef COLLECT_OVERHEAD_CALIBRATE_H
#define COLLECT_OVERHEAD_CALIBRATE_H

#include "bpfprof/target.h"
#include "collect/kernel/programs.h"
#include "host/uprobe.h"

#define PROBE_OFFSET DCBS_PROBE_NOP1

/* Costs on this machine, in ns; NAN: not measured. */
struct calibration {
	double trap_ns;		/* a hit of the marker's probe with an idle program, measured on our own copy of the function */
	double step_ns;		/* the same on an instruction that the kernel has to step over: several times that */
	double clock_read_ns;	/* a look at CLOCK_MONOTONIC */
	double page_touch_ns;	/* CPU time of the first touch of a page: the price of a page fault */
	double trace_ns;	/* a trace point with a program attached, besides the program's own time ... */
	bool trace_known;	/* ... measured, not the usual value */
	struct uprobe *own_probe;	/* on our own copy, not hit again. The kernel takes a while to detach it, so that is done last */
};

void calibration_init(struct calibration *c);

/* Measures what has not been measured yet. It takes some milliseconds; stepped_probes: step_ns is wanted, too. */
void calibrate(struct calibration *c, const struct programs *bpf, bool stepped_probes);

void calibration_close(struct calibration *c);

/* CPU time in ns of the first touch of a page of ours, measured now. NAN: it cannot be. */
double calibrate_page_touch(void);

/* Returns true if the kernel has to step over the instruction that a function begins with. Takes two bytes. */
bool calibrate_is_stepped(const unsigned char *code);

#endif
