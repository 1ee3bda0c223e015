/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sandbox.h - what a process of ours may still do once it has what it needs.
 *
 * From then on it reads what the target has written, so whoever takes it over by that shall gain little: no
 * capability but those that reading the target takes, the invoking user's identity instead of root's, and no system
 * call that is not on a list. Everything else fails with EPERM and is logged by the kernel; our death would take the
 * figures along that have been gathered.
 */
#ifndef SAFETY_SANDBOX_H
#define SAFETY_SANDBOX_H

#include <linux/types.h>
#include <stddef.h>

/* The profiler itself, attached to its targets: these capabilities, a bit each, and the system calls of sandbox_calls.h. Nothing can be had back. */
int sandbox_profiler(__u64 keep);

/* Any process of ours: these capabilities and no others, a bit each; and no new ones, whatever it executes. */
int sandbox_capabilities(__u64 keep);

struct sandbox_call;

/* Limits the calling process to these system calls. Returns 0 on a kernel without filters, too. */
int sandbox_system_calls(const struct sandbox_call *calls, size_t nr);

#endif
