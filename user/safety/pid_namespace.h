/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * pid_namespace.h - the PID namespace in which the profiler lives.
 *
 * A process has a number in its own namespace and one in each namespace above that. The profiler reads, takes and shows the
 * numbers of its own namespace only.
 */
#ifndef SAFETY_PID_NAMESPACE_H
#define SAFETY_PID_NAMESPACE_H

#include <stdbool.h>

#define PID_NAMESPACE_NUMBERS "numbers of processes (PID namespace)"
#define PID_NAMESPACE_NO_NUMBERS \
	"/proc is not mounted, or has the numbers of another PID namespace than this one; mount this one's: mount -t proc proc /proc"
#define PID_NAMESPACE_HELPERS "helper processes (PID namespace)"
#define PID_NAMESPACE_NO_HELPERS \
	"processes that are started here would live in another PID namespace; use unshare with --fork, or nsenter without --no-fork"

/* Returns the number of the namespace, which no other one has at the same time; 0: unknown, or the kernel has no namespaces. */
unsigned long long pid_namespace_inode(void);

/* Returns true if it is the initial one, whose numbers the kernel's events have. */
bool pid_namespace_is_initial(void);

/* Returns true if /proc is mounted and has the numbers of this namespace. A container may have the /proc of another one. */
bool pid_namespace_has_proc(void);

/* Returns true if processes that the profiler starts live in this namespace. After `unshare --pid` without --fork they do not. */
bool pid_namespace_has_children(void);

/*
 * Returns 0 if both are true, or -EOPNOTSUPP with an error line. Must come before the first helper process: one that lives in
 * another namespace is its init, and could not end before the next one.
 */
int pid_namespace_check(void);

#endif
