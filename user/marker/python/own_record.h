/* SPDX-License-Identifier: MIT */
/*
 * own_record.h - what the process records of its sections itself, so that it can answer without a profiler.
 *
 * A row holds the figures of one name as one profiler object saw it. A call is one section that is
 * open; the calls of a thread are linked, innermost first, and lie inside the objects behind `with`.
 *
 * The GIL guards all of it: every function here is called with it held, gives it up nowhere and runs
 * no Python code, so none sees a state that is half changed. An interpreter without a GIL does not
 * load an extension of the stable ABI; it gets the package's no-ops.
 */
#ifndef PYTHON_OWN_RECORD_H
#define PYTHON_OWN_RECORD_H

#include "bpfprof/hist.h"
#include "extension.h"

/* ---- buckets.c: a histogram; an octave takes memory when the first value falls into it ---- */

#define BUCKETS_OCTAVES (HIST_PLACES / HIST_SUB + 1)

struct buckets {
	uint64_t zero_count;
	uint64_t *octaves[BUCKETS_OCTAVES];	/* of HIST_SUB counts each */
};

void buckets_add(struct buckets *b, uint64_t value);
void buckets_reset(struct buckets *b);
void buckets_free(struct buckets *b);

/* (zero_count, [(index, count), ...]) */
PyObject *buckets_values(const struct buckets *b);

/* ---- row.c ---- */

struct figures {
	uint64_t count, primitive;	/* calls; those within no other call of the row on their thread */
	uint64_t errors, items;
	uint64_t total_ns, self_ns;	/* open on a thread, recursion counted once; of it with no other section open inside */
	uint64_t root_ns;		/* open with no other section of the same owner around it */
	uint64_t sum_ns, min_ns, max_ns;	/* of the calls' durations */
	int64_t rss_growth_bytes;	/* between begin and end of primitive calls */
	uint64_t rss_samples, rss_sum_bytes, rss_min_bytes, rss_max_bytes;	/* at the end of calls */
};

/* What ran inside a section, by name. */
struct nested {
	PyObject *name;
	uint32_t number;	/* of the row; 0: this place is free */
	uint64_t count, primitive, self_ns, total_ns;
};

struct lane;	/* a thread, record.c */

/* Calls that are open now, and their lane; NULL: they were on several. So a begin need not go through all that is open. */
struct spread {
	const struct lane *lane;
	uint32_t open;
};

/* A profiler object, as its rows see it: what they share outlives the object. */
struct owner {
	struct spread spread;
	uint32_t rows;		/* that refer to it, and one for the object itself */
};

struct row {
	PyObject_HEAD
	PyObject *name;		/* exact str */
	struct owner *owner;
	struct spread spread;
	uint32_t number;	/* never given out again, so that it can stand for a row that is gone */
	uint32_t sections;	/* objects that refer to it */
	uint32_t nr_nested, nested_size;
	dcbs_id id;
	struct figures figures;
	struct buckets buckets;
	struct nested *nested;	/* hash table of nested_size places, a power of two */
};

int row_types(void);
struct row *row_new(PyObject *name, dcbs_id id, struct owner *owner);
void row_reset(struct row *row);

/* NULL without memory; row_drop_owner() takes that, too. */
struct owner *row_new_owner(void);
void row_drop_owner(struct owner *owner);

/* A call of `inner` has ended within one of `row`; `again`: and within another call of `inner`, too. */
void row_add_nested(struct row *row, const struct row *inner, uint64_t duration_ns, uint64_t self_ns, bool again);

/* ---- record.c ---- */

struct call {
	dcbs_token token;
	struct lane *lane;	/* of the thread that began it */
	struct row *row;	/* NULL: not recorded */
	struct call *below, *above;
	uint64_t begin_ns, self_ns;
	uint64_t outer_ns;	/* since when it is the outermost of its row on its thread; 0: it is not */
	uint64_t root_ns;	/* the same of its row's owner */
	uint64_t rss_bytes;	/* at begin; 0: unknown */
};

int record_start(void);
void record_begin(struct call *c, struct row *row);
void record_end(struct call *c, bool failed);
void record_items(const struct call *c, uint64_t n);

/* A call that is open goes to another place in memory. */
void record_move(struct call *to, struct call *from);

/* Was it begun on the calling thread? */
bool record_is_here(const struct call *c);

/* ---- rss.c: the resident size of the process in bytes, as it was at most max_age_ns ago; 0: unknown ---- */

/* A section that takes a millisecond ends with a size read at its end. Reads cost 3 to 6 us: at most one a millisecond. */
#define RSS_AGE_AT_END_NS	1000000
/* Longer, so that where short sections follow on one another it is an end that reads, and the growth is some section's. */
#define RSS_AGE_AT_BEGIN_NS	2000000

struct rss {
	uint64_t at_ns, bytes;
};

extern struct rss rss_last;

void rss_read(uint64_t now_ns);
void rss_forget(void);

#endif
