/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * confine.h - what a process of ours may still do once it has what it needs.
 *
 * From then on it reads what the target has written, so whoever takes it over by that shall gain little: no
 * capability but those that reading the target takes, the invoking user's identity instead of root's, and no system
 * call that is not on a list. Everything else fails with EPERM and is logged by the kernel; our death would take the
 * figures along that have been gathered.
 */
#ifndef COLLECT_CONFINE_H
#define COLLECT_CONFINE_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

/* The profiler itself, attached to its targets. Nothing can be had back. */
int confine_profiler(const pid_t *pids, size_t nr_pids);

/* Any process of ours: these capabilities and no others, a bit each; and no new ones, whatever it executes. */
int confine_capabilities(__u64 keep);

/* For confine_system_calls. */
struct confine_call {
	int number;	/* SCMP_SYS() */
	int argument;	/* -1: any arguments; else this one ... */
	__u64 mask, value;	/* ... has this value in these bits */
};

int confine_system_calls(const struct confine_call *calls, size_t nr);

#endif
