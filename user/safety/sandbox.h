/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sandbox.h - limits a process to the rights that it still needs.
 *
 * Once attached, the profiler reads data that the target has written. A target that takes the profiler over by such data
 * must gain little: the capabilities for reading the target, the identity of the invoking user instead of root, and the
 * system calls on a list. Other calls fail with EPERM and are logged by the kernel. They do not end the profiler, because
 * its measurements would be lost.
 */
#ifndef SAFETY_SANDBOX_H
#define SAFETY_SANDBOX_H

#include <linux/types.h>
#include <stddef.h>

/* Limits the attached profiler to these capabilities, one bit each, and to the system calls of sandbox_calls.h, permanently. */
int sandbox_profiler(__u64 keep);

/* Limits the calling process to these capabilities, one bit each. It gets no new ones from a program that it executes. */
int sandbox_capabilities(__u64 keep);

struct sandbox_call;

/* Limits the calling process to these system calls. Returns 0 also on a kernel without filters. */
int sandbox_system_calls(const struct sandbox_call *calls, size_t nr);

#endif
