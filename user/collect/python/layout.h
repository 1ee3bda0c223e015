/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * layout.h - where CPython's structures have what, for each version, and whether a live process agrees.
 *
 * Offsets are in bytes. 3.13 and later carry most of them in themselves (_Py_DebugOffsets); those of a version
 * that is not known here are not guessed.
 */
#ifndef COLLECT_PYTHON_LAYOUT_H
#define COLLECT_PYTHON_LAYOUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"

/* What BPF programs and name readers need, and what else it takes to find every thread that Python knows. */
struct python_offsets {
	struct python_layout layout;
	__u16 interpreters_head;	/* of _PyRuntime */
	__u16 interpreter_next, interpreter_threads;
	__u16 tstate_next, tstate_interpreter;
};

/* _Py_DebugOffsets, at the beginning of _PyRuntime from 3.13 on; only these fields are alike in all versions. */
struct python_debug {
	char cookie[8];
	__u64 version;		/* PY_VERSION_HEX */
	__u64 free_threaded;
	__u64 words[92];	/* as many as 3.14 has */
};

bool python_debug_valid(const struct python_debug *debug);

/* The offsets of 3.minor from the table: 0, or -ENOTSUP. Leaves the addresses 0. */
int python_layout_table(unsigned int minor, struct python_offsets *offsets);

/* Replaces those that the interpreter itself tells; -EPROTO if what it tells makes no sense. offsets: from the table. */
int python_layout_debug(const struct python_debug *debug, struct python_offsets *offsets);

/* As many bytes of a frame as have to be read. Not one more: the next page may not be there. */
size_t python_layout_frame(const struct python_layout *layout);

/* The minor version by the size of _PyRuntime, for 3.8 to 3.12; 0: unknown. */
unsigned int python_layout_by_size(__u64 size);

/* Writes the reason, and returns err. */
int python_refuse(int err, char *reason, size_t size, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Walks the stacks of some threads of the running process, from outside and without stopping it, and checks that
 * what it meets are thread states and code objects. Where PyCode_Type had no symbol, fills in its address.
 *
 *	0		every thread that runs Python was read right, and there was one
 *	-EAGAIN		no thread of it runs Python now: try again later
 *	-EPROTO		the offsets are not this interpreter's, or it is no interpreter at all
 *	-ENOTSUP	its threads are not glibc's
 *	-errno		it cannot be read, or has ended
 *
 * If not 0, reason says why in words.
 */
int python_check(pid_t pid, struct python_offsets *offsets, char *reason, size_t size);

#endif
