// SPDX-License-Identifier: MIT
/* buckets.c - see buckets.h. */
#include <stdlib.h>
#include <string.h>

#include "buckets.h"

#define OCTAVE_BYTES (HIST_SUB * sizeof(uint64_t))

/* Called at most BUCKETS_OCTAVES times in a histogram's life if there is memory. */
static cold uint64_t *make_octave(struct buckets *b, uint32_t octave)
{
	b->octaves[octave] = calloc(1, OCTAVE_BYTES);
	return b->octaves[octave];
}

void buckets_add(struct buckets *b, uint64_t value)
{
	uint32_t place;
	uint64_t *counts;

	if (unlikely(!value)) {
		b->zero_count++;
		return;
	}
	place = hist_place(value);
	counts = b->octaves[place / HIST_SUB];
	if (unlikely(!counts))
		counts = make_octave(b, place / HIST_SUB);
	if (likely(counts))
		counts[place % HIST_SUB]++;
}

void buckets_reset(struct buckets *b)
{
	int i;

	b->zero_count = 0;
	for (i = 0; i < BUCKETS_OCTAVES; i++)
		if (b->octaves[i])
			memset(b->octaves[i], 0, OCTAVE_BYTES);
}

void buckets_free(struct buckets *b)
{
	int i;

	for (i = 0; i < BUCKETS_OCTAVES; i++)
		free(b->octaves[i]);
	*b = (struct buckets){0};
}

static int append_octave(PyObject *list, const uint64_t *counts, uint32_t octave)
{
	uint32_t i;

	for (i = 0; i < HIST_SUB; i++) {
		PyObject *pair;
		int err;

		if (!counts[i])
			continue;
		pair = Py_BuildValue("(iK)", hist_index(octave * HIST_SUB + i), (unsigned long long)counts[i]);
		err = pair ? PyList_Append(list, pair) : -1;
		Py_XDECREF(pair);
		if (err)
			return -1;
	}
	return 0;
}

/* Making the pairs may start the garbage collector and so a finaliser that records. It can add octaves but frees none. */
PyObject *buckets_values(const struct buckets *b)
{
	PyObject *list = PyList_New(0);
	uint32_t i;

	for (i = 0; list && i < BUCKETS_OCTAVES; i++)
		if (b->octaves[i] && append_octave(list, b->octaves[i], i))
			Py_CLEAR(list);
	return list ? Py_BuildValue("(KN)", (unsigned long long)b->zero_count, list) : NULL;
}
