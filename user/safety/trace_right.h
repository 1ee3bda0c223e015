/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * trace_right.h - whether the user who started this program may trace a process.
 *
 * With file capabilities, or as a set-user-ID program, the profiler has rights that its user lacks. It must not lend them:
 * the user profiles the processes that the kernel lets this user trace without the profiler, and no others. These are
 * processes of the same user and group, without more capabilities and with readable memory, as far as Yama and other
 * security modules permit it.
 */
#ifndef SAFETY_TRACE_RIGHT_H
#define SAFETY_TRACE_RIGHT_H

#include <stdbool.h>
#include <sys/types.h>

/* Returns true if this program has rights that the user who started it lacks, and that user is not root. */
bool trace_right_is_limited(void);

/*
 * Asks the kernel. Returns 0 if the user may trace the process, or if the right is not limited; -ESRCH if it has no memory;
 * -EPERM, with a line that gives the reason, otherwise. Forks, so it must be called before the sandbox is entered.
 */
int trace_right_ask(pid_t pid);

/*
 * Returns false if the right is limited and the process has become one that the user may not trace, by execve(). Reads
 * /proc/PID; the caller must make sure that the PID is still that of the same process.
 */
bool trace_right_holds(pid_t pid);

#endif
