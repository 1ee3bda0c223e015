/* SPDX-License-Identifier: MIT */
/*
 * context.h - the CPython context that the calling thread runs in.
 *
 * Every task of an event loop runs in a context of its own, from the moment it runs to the moment it yields. So a context is
 * a flow, see threads/flows.h. The thread state has the address of the current context at an offset that no interface tells.
 * The offset is found by an experiment. So is whether the word behind it counts the changes of the context.
 */
#ifndef PYTHON_FLOWS_CONTEXT_H
#define PYTHON_FLOWS_CONTEXT_H

#include "python/extension.h"
#include "threads/flows.h"

/* Offset of the word in the thread state; 0: not found, and there is only the first flow. And of the byte in a context: it is entered. */
extern HIDDEN unsigned int context_offset;
extern HIDDEN unsigned int context_entered_offset;

/* DCBS_AT_HAS_SERIAL: the word behind that word counts the changes of the context. */
extern HIDDEN uintptr_t context_serial;

/* The flow that this thread's markers know as the current one. */
extern HIDDEN __thread uint64_t context_told __attribute__((tls_model("initial-exec")));

/* Searches the offset. Never fails; afterwards no exception is set. */
HIDDEN void context_start(void);

static inline const char *context_word(void)
{
	return (const char *)PyThreadState_Get() + context_offset;
}

/* Returns the context that the thread has entered; NULL: none. A context that is current without being entered is the thread's own. */
static inline PyObject *context_of_word(const char *word)
{
	const char *context = *(const char *const *)word;

	return unlikely(context) && context[context_entered_offset] ? (PyObject *)context : NULL;
}

/* Tells the markers which flow is the current one. Returns its context. */
static inline PyObject *context_follow(void)
{
	const char *word;
	PyObject *context;

	if (unlikely(!context_offset))
		return NULL;
	word = context_word();
	context = context_of_word(word);
	if (unlikely((uintptr_t)context != context_told)) {
		context_told = (uintptr_t)context;
		dcbs_flow_switch(context_told, word + context_serial);
	}
	return context;
}

#endif
