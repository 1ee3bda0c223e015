/* SPDX-License-Identifier: MIT */
/*
 * own_record.h - begin and end of a section as the process records them itself, so that it can answer without a profiler.
 *
 * A call is one section that is open. The calls of a thread are linked, innermost first, and lie
 * inside the objects behind `with`.
 *
 * The GIL guards all of it. Every function here is called with the GIL held, never releases it and
 * runs no Python code, so none sees a state that is half changed. An interpreter without a GIL does
 * not load an extension of the stable ABI; it gets the package's no-ops.
 */
#ifndef PYTHON_OWN_RECORD_H
#define PYTHON_OWN_RECORD_H

#include "section_figures.h"

struct own_call {
	dcbs_token token;
	struct own_thread *thread;	/* that began it */
	struct section_figures *figures;	/* NULL: not recorded */
	struct own_call *below, *above;
	uint64_t begin_ns, self_ns;
	uint64_t outer_ns;	/* when it became the outermost call of its section on its thread; 0: it is not */
	uint64_t rss_bytes;	/* at begin; 0: unknown */
};

/* Returns 0, or -1 with OSError. */
int own_record_start(void);

void own_record_begin(struct own_call *c, struct section_figures *figures);
void own_record_end(struct own_call *c, bool failed);
void own_record_add_items(const struct own_call *c, uint64_t n);

/* Moves a call, which may be open, to another place in memory. */
void own_record_move(struct own_call *to, struct own_call *from);

/* Returns true if the calling thread began the call. */
bool own_record_is_on_this_thread(const struct own_call *c);

#endif
