// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* frame_index.c - groups frames by function. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame_index.h"

/* NULL comes first. */
static int compare_texts(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_functions(const struct dcbs_frame *x, const struct dcbs_frame *y)
{
	uint64_t x_line = (uint64_t)x->first_line, y_line = (uint64_t)y->first_line;

	return strcmp(x->function, y->function) ?: compare_texts(x->file, y->file) ?: (x_line > y_line) - (x_line < y_line);
}

/* As unsigned numbers DCBS_UNKNOWN is larger than any line. */
static int frame_order(const void *a, const void *b)
{
	const struct dcbs_frame *x = *(const struct dcbs_frame *const *)a, *y = *(const struct dcbs_frame *const *)b;
	uint64_t x_line = (uint64_t)x->line, y_line = (uint64_t)y->line;

	return compare_functions(x, y) ?: (x_line > y_line) - (x_line < y_line);
}

uint32_t frame_index_build(const struct dcbs_frame *frames, size_t nr, uint32_t *of_frame, const struct dcbs_frame **functions)
{
	const struct dcbs_frame *frame;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		functions[i] = &frames[i];
	qsort(functions, nr, sizeof(*functions), frame_order);
	for (i = 0; i < nr; i++) {
		frame = functions[i];
		if (!i || compare_functions(functions[n - 1], frame))
			functions[n++] = frame;
		of_frame[frame - frames] = n - 1;
	}
	assert(n <= nr);
	return n;
}
