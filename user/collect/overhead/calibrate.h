/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * calibrate.h - where in the marker function the probe sits, and what a hit costs on this machine.
 *
 * It sits on the 1-byte nop, which every kernel emulates in its breakpoint handler. The 5-byte nop would
 * be a third cheaper on Linux 6.18, where a probe on it becomes a call into a page of the kernel's. But
 * that page is not mapped in the children that the target forks, while the call in their copy of the
 * code is: they crash at their first hand-over. A profiler must not do that to a job.
 */
#ifndef COLLECT_OVERHEAD_CALIBRATE_H
#define COLLECT_OVERHEAD_CALIBRATE_H

#include "bpfprof/target.h"
#include "host/uprobe.h"

#define PROBE_OFFSET DCBS_PROBE_NOP1

/*
 * ns of a hit of an idle program on our own copy of the function; NAN if it cannot be measured. *probe is
 * the one on it, which is not hit again; detaching takes the kernel a while, do it last.
 */
double probe_measure(const struct bpf_program *prog, struct uprobe **probe);

/* Likewise of an instruction that the kernel steps over instead of emulating it: several times that. */
double probe_measure_step(const struct bpf_program *prog);

/* Is a function that begins so probed at such an instruction? Two bytes. */
bool probe_is_stepped(const unsigned char *code);

/* CPU time in ns of the first touch of a page of ours: what a page fault costs here. NAN if it cannot be measured. */
double probe_page_touch(void);

/* ns of a look at CLOCK_MONOTONIC. */
double probe_clock_read(void);

#endif
