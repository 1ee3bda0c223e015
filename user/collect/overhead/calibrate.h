/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * calibrate.h - costs that are measured once on this machine, and the place of the probe in the marker function.
 *
 * The probe is on the 1-byte nop, which every kernel emulates in its breakpoint handler. The 5-byte nop would be a third cheaper
 * on Linux 6.18, where the kernel turns a probe on it into a call of a page that it maps for that. But children that the target
 * forks have the call in their copy of the code, and not the page: they crash at their first flush. A profiler must not do that
 * to a job.
 */
#ifndef COLLECT_OVERHEAD_CALIBRATE_H
#define COLLECT_OVERHEAD_CALIBRATE_H

#include "bpfprof/marker_abi.h"
#include "collect/kernel/programs.h"
#include "host/uprobe.h"

#define PROBE_OFFSET DCBS_PROBE_NOP1

/* Costs on this machine, in ns; NAN: not measured. */
struct calibration {
	double trap_ns;		/* a hit of the marker's probe with an idle program, measured on our own copy of the function */
	double step_ns;		/* the same on an instruction that the kernel has to step over: several times as much */
	double clock_read_ns;	/* a read of CLOCK_MONOTONIC */
	double page_touch_ns;	/* CPU time of the first touch of a page: a page fault */
	double trace_ns;	/* a trace point with a program attached, besides the program's own time ... */
	bool trace_known;	/* ... true: it was measured; false: it is the usual value */
	struct uprobe *own_probe;	/* on our own copy, not hit again; detached last, because the kernel takes a while for that */
};

void calibrate_init(struct calibration *c);

/* Measures the costs that have not been measured yet, which takes some milliseconds. stepped_probes: step_ns, too. */
void calibrate(struct calibration *c, const struct programs *bpf, bool stepped_probes);

void calibrate_close(struct calibration *c);

/* Measures the CPU time in ns of the first touch of a page of our own; NAN: unknown. */
double calibrate_page_touch(void);

/* Returns true if the kernel has to step over the first instruction of a function. Takes its first two bytes. */
bool calibrate_is_stepped(const unsigned char *code);

#endif
