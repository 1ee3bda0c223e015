/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * helper.h - the beginning of the profiler's helper processes.
 *
 * A helper is a child of the profiler that keeps one right which the profiler gives up, and obeys a few orders. It is never
 * handed to another parent as long as the profiler lives.
 */
#ifndef SAFETY_HELPER_H
#define SAFETY_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Ignores all signals: users send them to whole process groups, and a helper ends with the profiler, not before. */
void helper_ignore_signals(void);

/* Called after the fork: gives the process its name and an empty command line, and ignores all signals. */
void helper_hide(const char *name);

/* The same, and takes the terminal from it: not for a process that shares the profiler's descriptors. */
void helper_begin(const char *name);

/* Closes all descriptors but these and 0 to 2. Sorts the list. */
void helper_keep_only(int *keep, size_t nr);

/*
 * The helper ends with the profiler, however that ends. Called after the change of credentials, which clears the setting.
 * Returns false if the profiler has ended before.
 */
bool helper_end_with(pid_t profiler);

#endif
