/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * budget.h - bounds what the files of targets may cost the profiler: time in each second, and memory in total.
 *
 * A file of some KiB can ask for seconds of work and for gigabytes. The profiler has one thread, which must answer Ctrl-C and
 * end with the window. So work on files stops when the time is used up; names that are missing for this reason are counted.
 * All files of all targets share the budget.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* CPU time that one file has taken so far. All zeros: none. */
struct budget_file {
	__u64 used_ns;
	bool exhausted;		/* it has had all that one file gets: it is not read any more */
};

/*
 * Begins a stretch of work on a file; budget_end() ends it. Returns false if there is no time for it now, or never again: then
 * a name has been counted as given up. Stretches do not nest.
 */
bool budget_begin(struct budget_file *file);
void budget_end(struct budget_file *file);

/* Returns true if the stretch has to stop. It is cheap enough to be called for each entry of a table. */
bool budget_is_over(void);

/* The same, exactly: for what takes more than some microseconds each time. */
bool budget_is_over_now(void);

/*
 * From now on the memory of the process is limited during a stretch, so that a library that allocates as much as a file asks for
 * gets none. To be called only if the process has nothing else to do.
 */
void budget_limit_memory(void);

/* The time that may be waited for somebody else's answer now, in ns, and what it took. */
__u64 budget_wait_ns(void);
void budget_waited(__u64 ns);

/* Returns false if all files together take too much memory. What was reserved is released when it is freed. */
bool budget_reserve(size_t bytes);
void budget_release(size_t bytes);

/* Counts a name that is missing because of the budget. Returns how many have been counted. */
void budget_give_up(void);
__u64 budget_given_up(void);

/* Begins with all of the time again, for tests. */
void budget_reset(void);

#endif
