// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* thread_states.c - the thread states of an interpreter, and the one that a thread holds. */
#include <errno.h>

#include "collect/python/thread_states.h"
#include "collect/target/target.h"

#define INTERPRETERS 16

/* The word in front of the key says whether there is a key: 0 is a valid one. */
static int read_slot_key(struct thread_states *states)
{
	const struct python_layout *layout = &states->offsets->layout;
	__u32 key[2];
	int err = target_peek(states->pid, layout->runtime + layout->tss_key, key, sizeof(key));

	if (err)
		return err;
	if (key[0] > 1 || key[1] >= GLIBC_KEYS)
		return -EPROTO;
	states->key = key[1];
	return key[0] ? 0 : -EAGAIN;
}

static int read_interpreter_states(struct thread_states *states, __u64 interpreter)
{
	const struct python_offsets *o = states->offsets;
	__u64 tstate, owner;

	if (target_peek_word(states->pid, interpreter + o->interpreter_threads, &tstate))
		return -EPROTO;
	for (; tstate && states->nr < THREAD_STATES_MAX; states->nr++) {
		struct thread_state *state = &states->list[states->nr];

		state->address = tstate;
		if (target_peek_word(states->pid, tstate + o->tstate_interpreter, &owner) || owner != interpreter ||
		    target_peek_word(states->pid, tstate + o->layout.tstate_thread_id, &state->thread_id) ||
		    target_peek_word(states->pid, tstate + o->tstate_next, &tstate))
			return -EPROTO;
	}
	return 0;
}

static int read_all_states(struct thread_states *states)
{
	const struct python_offsets *o = states->offsets;
	__u64 interpreter;
	int i, err;

	states->nr = 0;
	err = target_peek_word(states->pid, o->layout.runtime + o->layout.interpreters_head, &interpreter);
	for (i = 0; !err && interpreter && i < INTERPRETERS; i++) {
		err = read_interpreter_states(states, interpreter);
		if (!err)
			err = target_peek_word(states->pid, interpreter + o->layout.interpreter_next, &interpreter);
	}
	return err;
}

int thread_states_read(struct thread_states *states)
{
	int err = read_slot_key(states);

	return err ? err : read_all_states(states);
}

const struct thread_state *thread_states_find(const struct thread_states *states, __u64 address)
{
	size_t i;

	for (i = 0; i < states->nr; i++)
		if (states->list[i].address == address)
			return &states->list[i];
	return NULL;
}

int thread_states_slot(const struct thread_states *states, __u64 robust, __u64 *tstate)
{
	__u64 block;
	int err = target_peek_word(states->pid, robust + GLIBC_ROBUST_TO_KEYS + 8 * (states->key / GLIBC_BLOCK_KEYS), &block);

	*tstate = 0;
	return err || !block ? err : target_peek_word(states->pid, block + GLIBC_KEY_BYTES * (states->key % GLIBC_BLOCK_KEYS) + GLIBC_KEY_VALUE, tstate);
}

bool thread_states_is_own(const struct thread_state *state, __u64 robust)
{
	return state->thread_id == robust - GLIBC_SELF_TO_ROBUST;
}
