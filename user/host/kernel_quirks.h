/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kernel_quirks.h - harm that some kernels do to probed processes, and how the profiler avoids it.
 *
 *   since 6.11    A return probe makes a system call of its own. A system call filter of the process does not know it and
 *                 ends the process. Fixed in 6.12.14 and 6.13.3. On the kernels between, --section is refused for such
 *                 a process.
 *   since 6.13    Functions of probe programs with 64 bytes of stack or more share one stack for each CPU, although they
 *                 can be preempted. The profiler's functions use less (tests/unit/bpf/stack_use.c).
 *   since 6.18    A probe on a nop of several bytes becomes a call into a page that forked children do not have, so they
 *                 crash. The profiler puts the probe behind the nop (user/symbol/code/code_entry.c), where the function has done nothing yet. The markers'
 *                 probe sits on a nop of one byte.
 *   since 7.0     The program of a trace point can be preempted, and the kernel then skips it for other threads on that
 *                 CPU. Copies of the program stand in for each other, see bpf/rules/copies.bpf.h.
 */
#ifndef HOST_KERNEL_QUIRKS_H
#define HOST_KERNEL_QUIRKS_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

/* Returns true if this release, as uname(2) names it, ends filtered processes at a return probe (CVE-2025-21834). */
bool kernel_quirks_kill_at_return(const char *release);

/* Returns 0, or -ENOTSUP with a line that gives the reason if return probes would end this process. */
int kernel_quirks_check_return(pid_t pid);

#endif
