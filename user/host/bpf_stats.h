/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * bpf_stats.h - the kernel's run-time statistics of BPF programs, which measure the cost of the profiler's own.
 *
 * While they are enabled, every BPF program of the machine costs two clock reads more, so they are enabled for short
 * periods only. Enabling them needs CAP_SYS_ADMIN. The profiler gives this capability up and keeps it in a helper process
 * that can do nothing else. The helper is a child of the profiler, which reaps it: PID 1 of a container is often the
 * evaluation itself, and its wait() would return a child that it never had.
 */
#ifndef HOST_BPF_STATS_H
#define HOST_BPF_STATS_H

#include <stdbool.h>

#include <linux/types.h>

struct bpf_program;

/*
 * Starts the helper process. It is called early, while the profiler has little memory that the two would share. Without
 * the capability there is no helper and no statistics.
 */
void bpf_stats_prepare(void);

/* Enables or disables the statistics. The end of the profiler disables them as well, however it ends. */
void bpf_stats_switch(bool on);

/* Ends the helper and reaps it. */
void bpf_stats_end(void);

/* Returns the mean duration of a run of the program in ns; NAN: it has not run while the statistics were enabled. */
double bpf_stats_run_ns(const struct bpf_program *prog);

/* Runs of a program while the statistics were enabled. */
struct bpf_runs {
	__u64 runs, time_ns;
};

/* Zeros: the program is not loaded. */
struct bpf_runs bpf_stats_runs(const struct bpf_program *prog);

/* Returns the number of runs that the kernel skipped because the program ran on that CPU already; 0: it is not loaded. */
__u64 bpf_stats_missed(const struct bpf_program *prog);

#endif
