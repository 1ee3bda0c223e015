/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* verify.h - tries the offsets of an interpreter on the threads of a running process. */
#ifndef COLLECT_PYTHON_VERIFY_H
#define COLLECT_PYTHON_VERIFY_H

#include "collect/python/layout.h"

/*
 * Walks the stacks of some threads of the running process, from outside and without stopping it, and checks that it finds
 * thread states and code objects. If PyCode_Type has no symbol, stores its address.
 *
 *	0		every thread that runs Python was read right, and there was one
 *	-EAGAIN		no thread runs Python now: try again later
 *	-EPROTO		the offsets are not this interpreter's, or it is no interpreter at all
 *	-ENOTSUP	the process does not use glibc's threads
 *	-errno		the process cannot be read, or has ended
 *
 * If it does not return 0, it stores why in `reason`, in words.
 */
int verify_offsets(pid_t pid, struct python_offsets *offsets, char *reason, size_t size);

#endif
