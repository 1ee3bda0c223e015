/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sandbox_calls.h - the list of system calls of an attached profiler. */
#ifndef SAFETY_SANDBOX_CALLS_H
#define SAFETY_SANDBOX_CALLS_H

#include <linux/types.h>
#include <stddef.h>

#define SANDBOX_OWN_PID (~0ULL)	/* as a value: the PID of the process that is limited */

/* Without F_SETOWN and F_SETSIG, by which the kernel sends any signal to any process. */
#define SANDBOX_FCNTL(command) {.number = SCMP_SYS(fcntl), .argument = 1, .mask = 0xffffffff, .value = command}
#define SANDBOX_DESCRIPTORS \
	SANDBOX_FCNTL(F_GETFD), SANDBOX_FCNTL(F_SETFD), SANDBOX_FCNTL(F_GETFL), SANDBOX_FCNTL(F_SETFL), SANDBOX_FCNTL(F_DUPFD), \
	SANDBOX_FCNTL(F_DUPFD_CLOEXEC)

struct sandbox_call {
	int number;	/* SCMP_SYS() */
	int argument;	/* -1: any arguments; else this one ... */
	__u64 mask, value;	/* ... has this value in these bits */
};

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_nr_calls;

#endif
