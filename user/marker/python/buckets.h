/* SPDX-License-Identifier: MIT */
/* buckets.h - the exponential histogram of bpfprof/hist.h in the memory of the evaluation. */
#ifndef PYTHON_BUCKETS_H
#define PYTHON_BUCKETS_H

#include "bpfprof/hist.h"
#include "extension.h"

#define BUCKETS_OCTAVES (HIST_PLACES / HIST_SUB + 1)

/* An octave is allocated when the first value falls into it, and freed only with the histogram. */
struct buckets {
	uint64_t zero_count;
	uint64_t *octaves[BUCKETS_OCTAVES];	/* of HIST_SUB counts each */
};

/* Without memory for a new octave the value is not recorded. */
void buckets_add(struct buckets *b, uint64_t value);

void buckets_reset(struct buckets *b);
void buckets_free(struct buckets *b);

/* Returns (zero_count, [(index, count), ...]). */
PyObject *buckets_values(const struct buckets *b);

#endif
