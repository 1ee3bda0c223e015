/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kernel_quirks.h - what some kernels do to a process that is probed, and how we keep away from it.
 *
 *   since 6.11    A return probe is a system call of its own, which a filter of the process does not know: it ends the
 *                 process. Let through from 6.12.14 and 6.13.3 on. There --section is refused for such a process.
 *   since 6.13    Functions of probe programs with 64 bytes of stack or more share one for each CPU, though they are
 *                 preempted. Ours have less (tests/unit/bpf/stack_use.c).
 *   since 6.18    A probe on a nop of several bytes becomes a call of a page that forked children do not have: they
 *                 crash. It is put behind the nop, where nothing has happened yet; the markers' sits on one of a byte.
 *   since 7.0     A trace point's program can be preempted, and is then left out for other threads on that CPU. Copies of
 *                 it stand in for each other, see bpf/rules/copies.bpf.h.
 */
#ifndef HOST_KERNEL_QUIRKS_H
#define HOST_KERNEL_QUIRKS_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

/* Does this release, as uname(2) tells it, end filtered processes at a return probe (CVE-2025-21834)? */
bool quirks_return_probes(const char *release);

/* 0, or -ENOTSUP and a line that says why return probes would end this process. */
int quirks_check_return_probes(pid_t pid);

/* Where to probe a function of the file so that it is no call: behind the nop that it begins with, if it does. */
__u64 quirks_behind_nop(int fd, __u64 offset);

#endif
