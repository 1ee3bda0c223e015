/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* interpreter.h - finds the Python interpreter in a process, and how to read its stacks. */
#ifndef COLLECT_PYTHON_INTERPRETER_H
#define COLLECT_PYTHON_INTERPRETER_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"

/*
 * Where the interpreter's state, _PyRuntime, lies in the process: the locks in it are the interpreter's own, the
 * GIL above all. Every stock build names it among its dynamic symbols, which extension modules need. 0, or
 * -ENOENT if there is none.
 */
int interpreter_runtime(pid_t pid, __u64 *start, __u64 *end);

/* Where the code of the file lies that has the interpreter in it, its library or a program. 0, or -ENOENT. */
int interpreter_code(pid_t pid, __u64 *start, __u64 *end);

/*
 * How the stacks of the process are read, tried on its threads while they run: some milliseconds. At any time, and
 * again after the process has executed another image or loaded Python.
 *
 *	0		layout can be used
 *	-ENOENT		there is no Python in the process
 *	-EAGAIN		there is, but it runs nothing now, or is starting: try again later
 *	-ENOTSUP	it is of a version or a build that is not known
 *	-EPROTO		what was read at its addresses is not what should be there
 *	-errno		it cannot be read, or has ended
 *
 * If not 0, layout->minor is 0, and reason says why, in one line fit for the report's notes.
 */
int interpreter_find(pid_t pid, struct python_layout *layout, char *reason, size_t size);

#endif
