/* SPDX-License-Identifier: MIT */
/*
 * own_record.h - begin and end of a section as the process records them itself, so that it can answer without a profiler.
 *
 * A call is one section that is open. The calls of a flow, which is a thread or a context on it, are linked, innermost
 * first, and lie inside the objects behind `with`.
 *
 * The GIL guards all of it. Every function here is called with the GIL held and never releases it. It runs no Python code,
 * or does so last: a context may be freed with the values of its variables. So none sees a state that is half changed. An interpreter without a GIL does
 * not load an extension of the stable ABI; it gets the package's no-ops.
 */
#ifndef PYTHON_OWN_RECORD_H
#define PYTHON_OWN_RECORD_H

#include "flows/own_flows.h"
#include "section_figures.h"

enum call_end {
	CALL_RETURNED,
	CALL_FAILED,
	CALL_CANCELLED,		/* its task was cancelled */
};

struct own_call {
	dcbs_token token;
	struct own_flow *flow;	/* that it began in; valid while it is open */
	struct section_figures *figures;	/* NULL: not recorded */
	struct own_call *below, *above;
	uint64_t begin_ns, self_ns;
	uint64_t outer_ns;	/* when it became the outermost call of its section in its flow; 0: it is not */
};

/* Returns 0, or -1 with OSError. */
int own_record_start(void);

/* context: see context_follow(). */
void own_record_begin(struct own_call *c, struct section_figures *figures, PyObject *context);
void own_record_end(struct own_call *c, enum call_end end);
void own_record_add_items(const struct own_call *c, uint64_t n);

/* Moves a call, which may be open, to another place in memory. */
void own_record_move(struct own_call *to, struct own_call *from);

/* Returns true if the call is open and began in the calling thread's current flow. */
bool own_record_is_in_this_flow(const struct own_call *c);

#endif
