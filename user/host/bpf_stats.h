/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * bpf_stats.h - the kernel's clock on BPF programs, which tells what ours cost.
 *
 * Two clock reads for every BPF program of the machine are its price, so it runs now and then only; and to start it
 * takes CAP_SYS_ADMIN. We give that up, and leave a process behind that has it and can do nothing else.
 */
#ifndef HOST_BPF_STATS_H
#define HOST_BPF_STATS_H

#include <stdbool.h>

#include <linux/types.h>

struct bpf_program;

/*
 * Starts that process, early, while there is little memory to share. Without the capability there is
 * none, and no clock. argv: of main, which is not its own.
 */
void bpf_stats_prepare(char **argv);

/* Starts and stops the clock. It is stopped by our end as well. */
void bpf_stats_switch(bool on);

/* ns of one run of a program; NAN: it has not run while the clock was on. */
double bpf_stats_run_ns(const struct bpf_program *prog);

/* Runs that the kernel left out, as another one was under way on that CPU; of a program that is not loaded 0. */
__u64 bpf_stats_missed(const struct bpf_program *prog);

#endif
