// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_stacks.c - whole stacks of several sessions: one behind the other, with frames of new numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge/merge_lists.h"

/* As many as two sessions have at most: a report that is written can be read again. */
#define STACKS_MOST (1 << 16)
#define FRAMES_MOST (1 << 17)

static bool copy_frame(struct dcbs_frame *to, const struct dcbs_frame *f)
{
	*to = *f;
	to->function = strdup(f->function);
	to->file = f->file ? strdup(f->file) : NULL;
	return to->function && (to->file || !f->file);
}

static bool copy_stack(struct dcbs_stack *to, const struct dcbs_stack *s, size_t first_frame)
{
	size_t i;

	*to = *s;
	to->section = strdup(s->section);
	to->frames = calloc(s->nr_frames + 1, sizeof(*to->frames));
	if (!to->section || !to->frames)
		return false;
	for (i = 0; i < s->nr_frames; i++)
		to->frames[i] = (uint32_t)first_frame + s->frames[i];
	return true;
}

/* A stack of a session. */
struct session_stack {
	size_t section;		/* its place in the report */
	size_t first_frame;	/* of the session, in the report */
	const struct dcbs_stack *stack;
};

static int order_stacks(const void *a, const void *b)
{
	const struct session_stack *x = a, *y = b;

	return (x->section > y->section) - (x->section < y->section) ?: strcmp(x->stack->section, y->stack->section) ?:
	       (x->first_frame > y->first_frame) - (x->first_frame < y->first_frame) ?: (x->stack > y->stack) - (x->stack < y->stack);
}

/* Copies the frames of all sessions, and lists their stacks. Returns false without memory. */
static bool collect_stacks(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr, struct session_stack *list)
{
	struct merge_last_section last = {0};
	bool good = true;
	size_t i, j;

	for (i = 0; i < nr; i++) {
		size_t first_frame = to->nr_frames;

		for (j = 0; j < sessions[i]->nr_frames && good; j++)
			good = copy_frame(&to->frames[to->nr_frames++], &sessions[i]->frames[j]);
		for (j = 0; j < sessions[i]->nr_stacks; j++) {
			const struct dcbs_stack *s = &sessions[i]->stacks[j];

			*list++ = (struct session_stack){merge_section_place(to, s->section, &last), first_frame, s};
		}
	}
	return good;
}

static bool copy_stacks(struct dcbs_report *to, struct session_stack *list, size_t nr)
{
	bool good = true;
	size_t i;

	qsort(list, nr, sizeof(*list), order_stacks);
	for (i = 0; i < nr && good; i++)
		good = copy_stack(&to->stacks[to->nr_stacks++], list[i].stack, list[i].first_frame);
	return good;
}

int merge_stacks(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr, size_t *left_out)
{
	struct session_stack *list;
	size_t i, stacks = 0, frames = 0;
	bool good;

	for (i = 0; i < nr; i++) {
		stacks += sessions[i]->nr_stacks;
		frames += sessions[i]->nr_frames;
	}
	*left_out = stacks > STACKS_MOST || frames > FRAMES_MOST ? stacks : 0;
	if (*left_out)
		return 0;
	list = calloc(stacks + 1, sizeof(*list));
	to->stacks = calloc(stacks + 1, sizeof(*to->stacks));
	to->frames = calloc(frames + 1, sizeof(*to->frames));
	good = list && to->stacks && to->frames && collect_stacks(to, sessions, nr, list) && copy_stacks(to, list, stacks);
	free(list);
	return good ? 0 : -ENOMEM;
}
