/* SPDX-License-Identifier: MIT */
/*
 * section_figures.h - the figures of one section name as one profiler object saw it, and of the sections inside it.
 *
 * The GIL guards them: every function here is called with it held.
 */
#ifndef PYTHON_SECTION_FIGURES_H
#define PYTHON_SECTION_FIGURES_H

#include "buckets.h"
#include "dcbs/markers.h"

struct section_totals {
	uint64_t count, primitive;	/* calls; calls within no other call of the section in their flow */
	uint64_t errors, cancelled, items;
	uint64_t total_ns, self_ns;	/* inclusive time in a flow, recursion counted once; time without another section open inside */
	uint64_t sum_ns, min_ns, max_ns;	/* of the calls' durations */
	int64_t rss_growth_bytes;	/* of the process while the section was open in any flow */
	uint64_t rss_samples, rss_sum_bytes, rss_min_bytes, rss_max_bytes;	/* at the end of calls */
};

/* A section that ran inside another one. */
struct nested_totals {
	PyObject *name;
	uint32_t number;	/* of its struct section_figures; 0: this place is free */
	uint64_t count, primitive, self_ns, total_ns;
};

struct own_flow;	/* flows/own_flows.h */

/* The calls that are open now. With their flow, a begin need not search all that is open there. */
struct open_calls {
	const struct own_flow *flow;	/* of all of them; NULL: they were in several */
	uint32_t count;
};

/* The part of a profiler object that its section figures share. It outlives the object. */
struct figures_owner {
	uint64_t since_ns;	/* the figures were last set to 0 then; 0: never */
	uint32_t references;	/* of section figures, and one of the object */
};

struct section_figures {
	PyObject_HEAD
	PyObject *name;		/* exact str */
	struct figures_owner *owner;
	struct open_calls open;
	uint32_t number;	/* never reused, so that it stays valid in struct nested_totals after this object is gone */
	uint32_t objects;	/* section objects that refer to it */
	uint32_t nr_nested, nested_size;
	dcbs_id id;
	struct section_totals totals;
	uint64_t rss_mark_bytes;	/* RSS up to which growth is counted, while calls are open; 0: unknown */
	struct buckets buckets;
	struct nested_totals *nested;	/* hash table of nested_size places, a power of two */
	struct section_figures *next, **link;	/* in the list of all figures of the process; link: the pointer to this one */
};

int section_figures_add_type(void);

struct section_figures *section_figures_new(PyObject *name, dcbs_id id, struct figures_owner *owner);

/* To be called before a thread's first section begins, in ns of CLOCK_MONOTONIC. */
void section_figures_begin(uint64_t now);

/* Sets the figures to 0. Calls that are open go on and are counted in full when they end. */
void section_figures_reset(struct section_figures *f);

/* Returns [(name, SectionFigures), ...] of all profiler objects that live, a new reference; NULL with an exception. */
PyObject *section_figures_all(void);

/* Returns NULL without memory. section_figures_drop_owner() accepts NULL. */
struct figures_owner *section_figures_new_owner(void);
void section_figures_drop_owner(struct figures_owner *owner);

/* A call of `inner` has ended within a call of `f`; `recursive`: within another call of `inner`, too. */
void section_figures_add_nested(struct section_figures *f, const struct section_figures *inner, uint64_t duration_ns,
				uint64_t self_ns, bool recursive);

#endif
