/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * thread_states.h - the thread states of an interpreter, and the one that a thread holds.
 *
 * An interpreter keeps a list of the states of its threads. A thread keeps the address of its own state in a thread-specific
 * slot, whose key _PyRuntime names; the BPF programs look for it there.
 */
#ifndef COLLECT_PYTHON_THREAD_STATES_H
#define COLLECT_PYTHON_THREAD_STATES_H

#include "collect/python/layout.h"

#define THREAD_STATES_MAX 2048

struct thread_state {
	__u64 address;
	__u64 thread_id;	/* pthread_self() of its thread */
};

struct thread_states {
	pid_t pid;
	const struct python_offsets *offsets;
	__u32 key;		/* of the thread-specific slot */
	size_t nr;		/* THREAD_STATES_MAX: there may be more */
	struct thread_state list[THREAD_STATES_MAX];
};

/*
 * Reads the key and the states. Returns 0; -EAGAIN if Python has not created the key yet; -EPROTO if the memory does not hold
 * a key or a list of states; or -errno. The list may change meanwhile: then the next try succeeds.
 */
int thread_states_read(struct thread_states *states);

/* Returns the state at that address, or NULL. */
const struct thread_state *thread_states_find(const struct thread_states *states, __u64 address);

/* Stores the address in the slot of a thread; 0: the thread has none. robust: head of the thread's list of robust mutexes. */
int thread_states_slot(const struct thread_states *states, __u64 robust, __u64 *tstate);

/* Returns true if a state belongs to the thread with that list of robust mutexes. */
bool thread_states_is_own(const struct thread_state *state, __u64 robust);

#endif
