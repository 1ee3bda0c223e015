/* SPDX-License-Identifier: MIT */
/* own_flows.h - the flows in which a thread has sections open, as the process's own record knows them. The GIL guards them. */
#ifndef PYTHON_FLOWS_OWN_FLOWS_H
#define PYTHON_FLOWS_OWN_FLOWS_H

#include "python/extension.h"

struct own_call;
struct own_thread;

/* A thread itself, or one of its contexts. */
struct own_flow {
	struct own_call *innermost;
	uint64_t last_ns;	/* of the last begin or end */
	struct own_thread *thread;
	PyObject *context;	/* held, so that no other context gets its address meanwhile; NULL: the thread itself */
	struct own_flow *next;	/* in its place of the table, or of the unused ones */
};

/* Never freed, because a call may end after its thread did; another thread reuses it. */
struct own_thread {
	struct own_flow first;	/* the thread itself */
	struct own_flow *last;	/* the flow that was looked for last; NULL: unknown */
	struct own_thread *next;
	uint64_t flows;		/* of contexts */
	bool ended;		/* the thread has ended; the only field that is written without the GIL */
};

/* Returns the flow of a context on that thread; NULL: there is none yet. */
HIDDEN struct own_flow *own_flow_find(struct own_thread *thread, const PyObject *context);

/* The same, but makes the flow if need be; NULL: there is no memory. */
HIDDEN struct own_flow *own_flow_get(struct own_thread *thread, PyObject *context);

/* Frees the flow of a context that has no call open. Returns the context: the caller drops the reference when it has finished. */
HIDDEN PyObject *own_flow_end(struct own_flow *flow);

#endif
