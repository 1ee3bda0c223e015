// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stacks.c - whole stacks: what was computed on each, and what was waited for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/stacks.h"
#include "analyse/sums/summary.h"
#include "base/sanitize.h"

#define NAME_BYTES 1024		/* of a function or file; C++ has longer ones */
#define KINDS (DCBS_CAUSE_OTHER + 1)

/* ---- frames ---- */

static char *text(const char *raw)
{
	return sanitize(raw, NAME_BYTES);
}

static int add_frame(struct dcbs_report *r, const struct snapshot_frame *from)
{
	struct dcbs_frame *to = &r->frames[r->nr_frames++];
	bool file = from->file && from->file[0];

	*to = (struct dcbs_frame) {
		.function = text(from->function && from->function[0] ? from->function : "(unknown)"),
		.file = file ? text(from->file) : NULL, .line = from->line ? from->line : DCBS_UNKNOWN,
		.python = from->python,
	};
	return to->function && (to->file || !file) ? 0 : -ENOMEM;
}

int stacks_fill_frames(struct dcbs_report *r, const struct snapshot *snap)
{
	static const char *const names[STACKS_FRAMES] = {
		[STACKS_UNKNOWN] = "(unknown)", [STACKS_NOT_SAMPLED] = "(not sampled)", [STACKS_MORE] = "(more stacks)",
	};
	int err = 0, frame;
	size_t i;

	r->frames = calloc(snap->nr_frames + STACKS_FRAMES, sizeof(*r->frames));
	if (!r->frames)
		return -ENOMEM;
	for (i = 0; i < snap->nr_frames && !err; i++)
		err = add_frame(r, &snap->frames[i]);
	for (frame = 0; frame < STACKS_FRAMES && !err; frame++)
		err = add_frame(r, &(struct snapshot_frame) {.function = (char *)names[frame]});
	return err;
}

static uint32_t special(const struct snapshot *snap, enum stacks_frame frame)
{
	return (uint32_t)(snap->nr_frames + frame);
}

/* ---- stacks ---- */

/* Causes that a newer kernel side may have are other waits for us. */
static const enum dcbs_cause causes[CAUSES] = {
	[CAUSE_RUNQUEUE] = DCBS_CAUSE_RUNQUEUE, [CAUSE_GIL] = DCBS_CAUSE_GIL, [CAUSE_LOCK] = DCBS_CAUSE_LOCK,
	[CAUSE_DISK] = DCBS_CAUSE_DISK, [CAUSE_SYNC] = DCBS_CAUSE_DISK, [CAUSE_NETWORK] = DCBS_CAUSE_NETWORK,
	[CAUSE_FAULT] = DCBS_CAUSE_FAULT, [CAUSE_SLEEP] = DCBS_CAUSE_SLEEP, [CAUSE_GPU] = DCBS_CAUSE_GPU,
	[CAUSE_PIPE] = DCBS_CAUSE_OTHER, [CAUSE_CHILD] = DCBS_CAUSE_OTHER, [CAUSE_STOPPED] = DCBS_CAUSE_OTHER,
	[CAUSE_OTHER ... CAUSES - 1] = DCBS_CAUSE_OTHER,
};

/* A stack to be written: what it stands for, by enum dcbs_cause. */
struct parts {
	const char *section;
	const struct snapshot_stack *stack;	/* NULL: `frame` alone */
	uint32_t frame;
	int64_t samples;
	double s[KINDS];
};

/* Outermost first; what is no frame of the snapshot's is unknown. */
static int copy_frames(struct dcbs_stack *to, const struct parts *p, size_t known)
{
	size_t i, nr = p->stack ? p->stack->nr_frames : 0;

	to->frames = calloc(nr + 1, sizeof(*to->frames));
	if (!to->frames)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		to->frames[i] = p->stack->frames[nr - 1 - i] < known ? p->stack->frames[nr - 1 - i] : p->frame;
	if (!nr)
		to->frames[0] = p->frame;
	to->nr_frames = nr ? nr : 1;
	return 0;
}

static int add_stack(struct dcbs_report *r, const struct parts *p, enum dcbs_cause cause, size_t known)
{
	struct dcbs_stack *to = &r->stacks[r->nr_stacks++];
	bool ran = cause == DCBS_CAUSE_CPU;

	*to = (struct dcbs_stack) {
		.section = strdup(p->section), .cause = cause, .cpu_s = ran ? p->s[cause] : 0,
		.off_s = ran ? 0 : p->s[cause], .samples = ran ? p->samples : 0,
	};
	return to->section ? copy_frames(to, p, known) : -ENOMEM;
}

/* One for each cause. */
static int add_parts(struct dcbs_report *r, const struct parts *p, size_t known)
{
	struct dcbs_stack *grown = reallocarray(r->stacks, r->nr_stacks + KINDS, sizeof(*r->stacks));
	int cause, err = grown ? 0 : -ENOMEM;

	if (grown)
		r->stacks = grown;
	for (cause = 0; cause < KINDS && !err; cause++)
		if (p->s[cause] > 0 || (cause == DCBS_CAUSE_CPU && p->samples))
			err = add_stack(r, p, cause, known);
	return err;
}

static int add_section(struct dcbs_report *r, const struct snapshot *snap, const struct weighted_section *section)
{
	struct parts missing = {.section = section->name, .frame = special(snap, STACKS_NOT_SAMPLED)};
	const struct snapshot_stack *stack;
	struct sample_weights rate;
	struct parts p;
	int err = 0, c;
	size_t i;

	sample_weights_compute(&rate, snap, section->section, SAMPLE_SCOPE_SELF);
	for (i = 0; i < snap->nr_stacks && !err; i++) {
		stack = &snap->stacks[i];
		if (!sample_weights_covers(snap, stack, section->section, SAMPLE_SCOPE_SELF))
			continue;
		p = (struct parts) {
			.section = section->name, .stack = stack, .frame = special(snap, STACKS_UNKNOWN),
			.samples = summary_count(stack->cpu_samples), .s[DCBS_CAUSE_CPU] = sample_weights_cpu_s(&rate, stack),
		};
		p.s[DCBS_CAUSE_RUNQUEUE] = rate.queue_s * (double)stack->cpu_samples;
		for (c = 0; c < CAUSES; c++)
			p.s[causes[c]] += rate.off_s[c] * (double)stack->off_ns[c];
		err = add_parts(r, &p, snap->nr_frames);
	}
	missing.s[DCBS_CAUSE_CPU] = rate.cpu_missing_s;
	for (c = 0; c < CAUSES; c++)
		missing.s[causes[c]] += rate.off_missing_s[c];
	return err ? err : add_parts(r, &missing, 0);
}

/* ---- not too many ---- */

static double time_of(const struct dcbs_stack *s)
{
	return s->cpu_s + s->off_s;
}

static int longest_first(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x == y ? 0 : x < y ? 1 : -1;
}

/* The time below which stacks are not told apart, and how many of exactly that time still are. */
static int least_time(const struct dcbs_report *r, double *least_s, size_t *ties)
{
	double *times = calloc(r->nr_stacks, sizeof(*times));
	size_t i;

	if (!times)
		return -ENOMEM;
	for (i = 0; i < r->nr_stacks; i++)
		times[i] = time_of(&r->stacks[i]);
	qsort(times, r->nr_stacks, sizeof(*times), longest_first);
	*least_s = times[STACKS_MOST - 1];
	for (*ties = 0; *ties < STACKS_MOST && times[STACKS_MOST - 1 - *ties] == *least_s; ++*ties)
		;
	free(times);
	return 0;
}

static void free_stack(struct dcbs_stack *s)
{
	free(s->section);
	free(s->frames);
}

/* Stacks of a section are together: each cause has one, not longer than this, into which the others go. */
static bool merge(struct dcbs_stack **into, struct dcbs_stack *s, uint32_t more)
{
	struct dcbs_stack *to = into[s->cause];

	if (!to || strcmp(to->section, s->section)) {
		s->nr_frames = 1;
		s->frames[0] = more;
		into[s->cause] = s;
		return false;
	}
	to->cpu_s += s->cpu_s;
	to->off_s += s->off_s;
	to->samples += s->samples;
	free_stack(s);
	return true;
}

static int limit(struct dcbs_report *r, uint32_t more)
{
	struct dcbs_stack *into[KINDS] = {NULL}, *s;
	size_t i, to = 0, ties;
	double least_s;

	if (r->nr_stacks <= STACKS_MOST)
		return 0;
	if (least_time(r, &least_s, &ties))
		return -ENOMEM;
	for (i = 0; i < r->nr_stacks; i++) {
		s = &r->stacks[to];
		*s = r->stacks[i];
		if (time_of(s) > least_s || (time_of(s) == least_s && ties && ties--) || !merge(into, s, more))
			to++;
	}
	r->nr_stacks = to;
	return 0;
}

int stacks_fill(struct dcbs_report *r, const struct snapshot *snap, const struct weighted_section *sections, size_t nr)
{
	int err = 0;
	size_t i;

	for (i = 0; i < nr && !err; i++)
		err = add_section(r, snap, &sections[i]);
	return err ? err : limit(r, special(snap, STACKS_MORE));
}

void stacks_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_stacks; i++)
		free_stack(&r->stacks[i]);
	for (i = 0; i < r->nr_frames; i++) {
		free(r->frames[i].function);
		free(r->frames[i].file);
	}
	free(r->stacks);
	free(r->frames);
}
