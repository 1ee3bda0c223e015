/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* pid_numbers.h - finds the number of a process in the initial PID namespace, by the iterator program of bpf/iter_pids.bpf.c. */
#ifndef COLLECT_KERNEL_PID_NUMBERS_H
#define COLLECT_KERNEL_PID_NUMBERS_H

#include "collect/kernel/programs.h"

/*
 * Stores the number by which the BPF programs know the process. In the initial namespace that is its PID, and nothing is searched
 * for. Returns 0, or -errno with an error line: -ESRCH if there is no such process.
 */
int pid_numbers_find(const struct programs *bpf, pid_t pid, __u32 *tgid);

#endif
