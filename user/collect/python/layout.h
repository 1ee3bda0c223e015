/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * layout.h - the offsets of fields in CPython's structures, for each version.
 *
 * Offsets are in bytes. 3.13 and later hold most of them in a structure of their own (_Py_DebugOffsets). The offsets of an
 * unknown version are not guessed.
 */
#ifndef COLLECT_PYTHON_LAYOUT_H
#define COLLECT_PYTHON_LAYOUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"

/* The layout that BPF programs and name readers need, and the further offsets that lead to all thread states. */
struct python_offsets {
	struct python_layout layout;
	__u16 interpreter_threads;
	__u16 tstate_next, tstate_interpreter;
};

/* _Py_DebugOffsets, at the beginning of _PyRuntime from 3.13 on; only these fields are the same in all versions. */
struct python_debug {
	char cookie[8];
	__u64 version;		/* PY_VERSION_HEX */
	__u64 free_threaded;
	__u64 words[92];	/* the number that 3.14 has */
};

/* Offsets in coroutines and their frames, from 3.14 on. */
struct python_coroutines {
	__u16 frame, state;	/* in the coroutine: its frame, and whether it is suspended */
	__u16 frame_stack;	/* in the frame: the end of its stack of values */
};

/* _AsyncioDebug of 3.14: offsets, and the sizes of the structures that they are in. */
struct asyncio_debug {
	__u64 task_size, task_name, task_awaited_by, task_is_task, task_awaited_by_is_set, task_coro, task_node;
	__u64 interpreter_size, interpreter_tasks;
	__u64 thread_size, thread_loop, thread_task, thread_tasks;
};

struct asyncio_offsets {
	__u32 task_coro, task_node, interpreter_tasks, thread_tasks;
};

/* Returns true if the interpreter has a _Py_DebugOffsets. */
bool layout_debug_is_valid(const struct python_debug *debug);

/* Stores the offsets of 3.minor, with addresses of 0. Returns 0, or -ENOTSUP. */
int layout_from_table(unsigned int minor, struct python_offsets *offsets);

/* Replaces offsets of the table by those that the interpreter itself holds. Returns 0, or -EPROTO if those make no sense. */
int layout_from_debug(const struct python_debug *debug, struct python_offsets *offsets);

/* Both store offsets that a 3.14 holds itself. They return 0, or -EPROTO if those make no sense. */
int layout_coroutines(const struct python_debug *debug, struct python_coroutines *to);
int layout_asyncio(const struct asyncio_debug *debug, struct asyncio_offsets *to);

/* The number of bytes of a frame that have to be read. Not one more is read, because the next page may not be mapped. */
size_t layout_frame_bytes(const struct python_layout *layout);

/* The minor version that has a _PyRuntime of that size, for 3.8 to 3.12; 0: unknown. */
unsigned int layout_minor_by_size(__u64 size);

/* Stores the reason in words, and returns err. */
int layout_refuse(int err, char *reason, size_t size, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
