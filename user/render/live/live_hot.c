// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_hot.c - see live_hot.h. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame_index.h"
#include "render/live/live_hot.h"

/* The time of a function. The stacks of a section stand together. */
struct hot_tally {
	double self_s, off_s;
	const char *section, *most;	/* of the last stack, and the one with the most time so far */
	double section_s, most_s;
};

static bool counts(const struct dcbs_report *r, const struct dcbs_stack *s, bool sections_only)
{
	return s->nr_frames && s->frames[s->nr_frames - 1] < r->nr_frames && !(sections_only && !strcmp(s->section, DCBS_OUTSIDE));
}

static void add_stack(struct hot_tally *t, const struct dcbs_stack *s)
{
	double time_s = s->cpu_s + s->off_s;

	t->self_s += time_s;
	t->off_s += s->off_s;
	t->section_s = t->section && !strcmp(t->section, s->section) ? t->section_s + time_s : time_s;
	t->section = s->section;
	if (t->section_s >= t->most_s) {
		t->most_s = t->section_s;
		t->most = s->section;
	}
}

static double add_stacks(struct hot_tally *tallies, const struct dcbs_report *r, const uint32_t *of_frame, bool sections_only)
{
	const struct dcbs_stack *s;
	double whole_s = 0;

	for (s = r->stacks; s < r->stacks + r->nr_stacks; s++) {
		if (!counts(r, s, sections_only))
			continue;
		whole_s += s->cpu_s + s->off_s;
		add_stack(&tallies[of_frame[s->frames[s->nr_frames - 1]]], s);
	}
	return whole_s;
}

/* Inserts a function into the hottest so far. Returns their number. */
static size_t insert_hot(struct live_hot *hot, size_t nr, size_t most, const struct live_hot *one)
{
	size_t at = nr;

	while (at && one->self_s > hot[at - 1].self_s)
		at--;
	if (at == most)
		return nr;
	nr = nr < most ? nr + 1 : nr;
	memmove(&hot[at + 1], &hot[at], (nr - 1 - at) * sizeof(*hot));
	hot[at] = *one;
	return nr;
}

static bool has_sections(const struct dcbs_report *r)
{
	return r->nr_sections > 1 || (r->nr_sections && strcmp(r->sections[0].name, DCBS_OUTSIDE));
}

size_t live_hot_find(struct live_hot *hot, size_t most, const struct dcbs_report *r, double *whole_s)
{
	uint32_t *of_frame = calloc(r->nr_frames + 1, sizeof(*of_frame)), i, functions;
	const struct dcbs_frame **frames = calloc(r->nr_frames + 1, sizeof(*frames));
	struct hot_tally *tallies = calloc(r->nr_frames + 1, sizeof(*tallies));
	size_t nr = 0;

	*whole_s = 0;
	if (of_frame && frames && tallies) {
		functions = frame_index_build(r->frames, r->nr_frames, of_frame, frames);
		*whole_s = add_stacks(tallies, r, of_frame, has_sections(r));
		for (i = 0; i < functions && most; i++)
			if (tallies[i].self_s > 0)
				nr = insert_hot(hot, nr, most, &(struct live_hot) {
					frames[i], tallies[i].most, tallies[i].self_s, tallies[i].off_s});
	}
	free(of_frame);
	free(frames);
	free(tallies);
	return nr;
}
