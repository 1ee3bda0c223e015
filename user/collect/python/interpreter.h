/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* interpreter.h - finds the Python interpreter in a process, and how to read its stacks. */
#ifndef COLLECT_PYTHON_INTERPRETER_H
#define COLLECT_PYTHON_INTERPRETER_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"

/*
 * Stores where the interpreter's state, _PyRuntime, lies in the process. The locks in it are the interpreter's own, above all
 * the GIL. Every stock build has it among its dynamic symbols, which extension modules need. Returns 0, or -ENOENT if there is
 * none.
 */
int interpreter_runtime(pid_t pid, __u64 *start, __u64 *end);

/* Stores where the code of the file that holds the interpreter, its library or a program, lies. Returns 0, or -ENOENT. */
int interpreter_code(pid_t pid, __u64 *start, __u64 *end);

/*
 * Finds out how to read the Python stacks of the process, and tries it on its threads while they run. This takes some
 * milliseconds. It may be called at any time, and is to be called again after the process has called execve() or loaded Python.
 *
 *	0		layout can be used
 *	-ENOENT		there is no Python in the process
 *	-EAGAIN		Python runs nothing now, or is starting: try again later
 *	-ENOTSUP	the version or the build is unknown
 *	-EPROTO		the memory at its addresses does not hold the expected structures
 *	-errno		the process cannot be read, or has ended
 *
 * If it does not return 0, layout->minor is 0, and `reason` says why in one line for the report's notes.
 */
int interpreter_find(pid_t pid, struct python_layout *layout, char *reason, size_t size);

#endif
