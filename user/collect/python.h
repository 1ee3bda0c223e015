/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* python.h - finds the Python interpreter in a process. */
#ifndef COLLECT_PYTHON_H
#define COLLECT_PYTHON_H

#include <linux/types.h>
#include <sys/types.h>

/*
 * Where the interpreter's state, _PyRuntime, lies in the process: the locks in it are the interpreter's own, the
 * GIL above all. Every stock build names it among its dynamic symbols, which extension modules need. 0, or
 * -ENOENT if there is none.
 */
int python_runtime(pid_t pid, __u64 *start, __u64 *end);

#endif
