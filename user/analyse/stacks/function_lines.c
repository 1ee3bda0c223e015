// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_lines.c - the lines of each function within one section, by the time that was spent in them. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/function_lines.h"
#include "analyse/sums/summary.h"

/* Counting sort. */
static void order_frames(struct function_lines *lines, const uint32_t *of_frame, uint32_t nr_functions)
{
	size_t i;

	for (i = 0; i < lines->nr_frames; i++)
		lines->first[of_frame[i] + 1]++;
	for (i = 0; i < nr_functions; i++)
		lines->first[i + 1] += lines->first[i];
	for (i = 0; i < lines->nr_frames; i++)
		lines->order[lines->first[of_frame[i]]++] = (uint32_t)i;
	memmove(lines->first + 1, lines->first, nr_functions * sizeof(*lines->first));
	lines->first[0] = 0;
}

int function_lines_open(struct function_lines *lines, const struct dcbs_report *report, const uint32_t *of_frame,
			uint32_t nr_functions)
{
	*lines = (struct function_lines) {
		.frames = report->frames, .nr_frames = report->nr_frames,
		.tallies = calloc(report->nr_frames + 1, sizeof(*lines->tallies)),
		.order = calloc(report->nr_frames + 1, sizeof(*lines->order)),
		.first = calloc(nr_functions + 2, sizeof(*lines->first)),
	};
	if (!lines->tallies || !lines->order || !lines->first)
		return -ENOMEM;
	order_frames(lines, of_frame, nr_functions);
	return 0;
}

void function_lines_clear(struct function_lines *lines)
{
	memset(lines->tallies, 0, lines->nr_frames * sizeof(*lines->tallies));
}

void function_lines_add(struct function_lines *lines, uint32_t frame, size_t stack, double s, uint64_t samples)
{
	struct line_tally *t = &lines->tallies[frame];

	assert(frame < lines->nr_frames && stack);
	if (t->last_stack == stack)
		return;
	t->last_stack = stack;
	t->s += s;
	t->samples += samples;
}

static bool is_hotter(const struct line_tally *a, const struct line_tally *b)
{
	return a->s != b->s ? a->s > b->s : a->samples > b->samples;
}

/* Inserts a frame into the hottest so far. Returns their number. */
static size_t insert_line(const struct function_lines *lines, uint32_t *hottest, size_t nr, uint32_t frame)
{
	size_t at = nr;

	while (at && is_hotter(&lines->tallies[frame], &lines->tallies[hottest[at - 1]]))
		at--;
	if (at == FUNCTION_LINES_MOST)
		return nr;
	nr = nr < FUNCTION_LINES_MOST ? nr + 1 : nr;
	memmove(&hottest[at + 1], &hottest[at], (nr - 1 - at) * sizeof(*hottest));
	hottest[at] = frame;
	return nr;
}

int function_lines_fill(const struct function_lines *lines, uint32_t function, struct dcbs_function *to)
{
	uint32_t hottest[FUNCTION_LINES_MOST], i, frame;
	size_t nr = 0;

	for (i = lines->first[function]; i < lines->first[function + 1]; i++) {
		frame = lines->order[i];
		if (lines->tallies[frame].last_stack && lines->frames[frame].line != DCBS_UNKNOWN)
			nr = insert_line(lines, hottest, nr, frame);
	}
	if (!nr)
		return 0;
	to->lines = calloc(nr, sizeof(*to->lines));
	if (!to->lines)
		return -ENOMEM;
	for (to->nr_lines = 0; to->nr_lines < nr; to->nr_lines++)
		to->lines[to->nr_lines] = (struct dcbs_line) {
			lines->frames[hottest[to->nr_lines]].line, summary_count(lines->tallies[hottest[to->nr_lines]].samples),
		};
	return 0;
}

void function_lines_close(struct function_lines *lines)
{
	free(lines->tallies);
	free(lines->order);
	free(lines->first);
}
