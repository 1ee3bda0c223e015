// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stacks.c - whole stacks, with the running and the waiting time of each. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/stacks.h"
#include "analyse/sums/summary.h"
#include "base/array.h"
#include "base/sanitize.h"

#define NAME_BYTES 1024		/* of a function or file; longer names, as C++ has, are cut */
#define NR_CAUSES (DCBS_CAUSE_OTHER + 1)	/* causes that a stack can have */

/* ---- frames ---- */

static char *sanitize_name(const char *raw)
{
	return sanitize(raw, NAME_BYTES);
}

static int add_frame(struct dcbs_report *r, const struct snapshot_frame *from)
{
	struct dcbs_frame *to = &r->frames[r->nr_frames++];
	bool file = from->file && from->file[0];

	*to = (struct dcbs_frame) {
		.function = sanitize_name(from->function && from->function[0] ? from->function : "(unknown)"),
		.file = file ? sanitize_name(from->file) : NULL, .line = from->line ? from->line : DCBS_UNKNOWN,
		.first_line = from->first_line ? from->first_line : DCBS_UNKNOWN, .python = from->python,
	};
	return to->function && (to->file || !file) ? 0 : -ENOMEM;
}

uint32_t stacks_frame_index(const struct snapshot *snap, enum stacks_frame frame)
{
	return (uint32_t)(snap->nr_frames + frame);
}

int stacks_fill_frames(struct dcbs_report *r, const struct snapshot *snap)
{
	static const char *const names[STACKS_FRAMES] = {
		[STACKS_UNKNOWN] = "(unknown)", [STACKS_NOT_SAMPLED] = "(function not sampled)", [STACKS_MORE] = "(more stacks)",
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

/* ---- stacks ---- */

/* Values that no cause has yet are reported as other waits. */
static const enum dcbs_cause report_causes[CAUSES] = {
	[CAUSE_RUNQUEUE] = DCBS_CAUSE_RUNQUEUE, [CAUSE_GIL] = DCBS_CAUSE_GIL, [CAUSE_LOCK] = DCBS_CAUSE_LOCK,
	[CAUSE_DISK] = DCBS_CAUSE_DISK, [CAUSE_SYNC] = DCBS_CAUSE_DISK, [CAUSE_NETWORK] = DCBS_CAUSE_NETWORK,
	[CAUSE_FAULT] = DCBS_CAUSE_FAULT, [CAUSE_SLEEP] = DCBS_CAUSE_SLEEP, [CAUSE_GPU] = DCBS_CAUSE_GPU,
	[CAUSE_PIPE] = DCBS_CAUSE_OTHER, [CAUSE_CHILD] = DCBS_CAUSE_OTHER, [CAUSE_STOPPED] = DCBS_CAUSE_OTHER,
	[CAUSE_OTHER] = DCBS_CAUSE_OTHER, [CAUSE_THROTTLED] = DCBS_CAUSE_THROTTLED,
	[CAUSE_STEAL] = DCBS_CAUSE_STEAL, [CAUSE_STEAL + 1 ... CAUSES - 1] = DCBS_CAUSE_OTHER,
};

/* The time of one stack, which becomes one stack of the report for each cause. */
struct stack_time {
	const char *section;
	const struct snapshot_stack *stack;	/* NULL: `frame` is the only frame */
	uint32_t frame;				/* in place of frames that the snapshot does not have */
	int64_t samples;
	double s[NR_CAUSES];			/* seconds, by enum dcbs_cause */
};

/* The stacks of the report, while they grow. */
struct stack_writer {
	struct dcbs_report *report;
	const struct snapshot *snap;
	size_t room;
};

/* The report has the outermost frame first, the snapshot the innermost. */
static int copy_stack_frames(struct dcbs_stack *to, const struct stack_time *p, size_t known)
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

static int write_stack(struct stack_writer *w, const struct stack_time *p, enum dcbs_cause cause)
{
	struct dcbs_stack *to = &w->report->stacks[w->report->nr_stacks++];
	bool ran = cause == DCBS_CAUSE_CPU;

	assert(w->report->nr_stacks <= w->room);
	*to = (struct dcbs_stack) {
		.section = strdup(p->section), .cause = cause, .cpu_s = ran ? p->s[cause] : 0,
		.off_s = ran ? 0 : p->s[cause], .samples = ran ? p->samples : 0,
	};
	return to->section ? copy_stack_frames(to, p, w->snap->nr_frames) : -ENOMEM;
}

static int write_causes(struct stack_writer *w, const struct stack_time *p)
{
	struct dcbs_report *r = w->report;
	int cause, err = 0;

	if (!array_reserve(r->stacks, r->nr_stacks, w->room, NR_CAUSES))
		return -ENOMEM;
	for (cause = 0; cause < NR_CAUSES && !err; cause++)
		if (p->s[cause] > 0 || (cause == DCBS_CAUSE_CPU && p->samples))
			err = write_stack(w, p, cause);
	return err;
}

static int write_sampled(struct stack_writer *w, const char *section, const struct snapshot_stack *stack,
			 const struct sample_weights *weights)
{
	struct stack_time p = {
		.section = section, .stack = stack, .frame = stacks_frame_index(w->snap, STACKS_UNKNOWN),
		.samples = summary_count(stack->cpu_samples), .s[DCBS_CAUSE_CPU] = sample_weights_cpu_s(weights, stack),
		.s[DCBS_CAUSE_STEAL] = sample_weights_steal_s(weights, stack),
	};
	int c;

	for (c = 0; c < CAUSES; c++)
		p.s[report_causes[c]] += weights->off_s[c] * (double)stack->off_ns[c];
	return write_causes(w, &p);
}

static int write_not_sampled(struct stack_writer *w, const char *section, const struct sample_weights *weights)
{
	struct stack_time p = {
		.section = section, .frame = stacks_frame_index(w->snap, STACKS_NOT_SAMPLED),
		.s[DCBS_CAUSE_CPU] = weights->cpu_missing_s,
	};
	int c;

	for (c = 0; c < CAUSES; c++)
		p.s[report_causes[c]] += weights->off_missing_s[c];
	return write_causes(w, &p);
}

static int write_section(struct stack_writer *w, const struct weighted_section *section)
{
	const struct snapshot *snap = w->snap;
	struct sample_weights weights;
	int err = 0;
	size_t i;

	sample_weights_compute(&weights, snap, section->section, SAMPLE_SCOPE_SELF);
	for (i = 0; i < snap->nr_stacks && !err; i++)
		if (sample_weights_covers(&snap->stacks[i], section->section, SAMPLE_SCOPE_SELF))
			err = write_sampled(w, section->name, &snap->stacks[i], &weights);
	return err ? err : write_not_sampled(w, section->name, &weights);
}

/* ---- the limit ---- */

static double stack_time_s(const struct dcbs_stack *s)
{
	return s->cpu_s + s->off_s;
}

static int longest_first(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x == y ? 0 : x < y ? 1 : -1;
}

/* The time of the smallest stack that is kept, and how many stacks of exactly that time are. */
static int find_least_time(const struct dcbs_report *r, double *least_s, size_t *ties)
{
	double *times = calloc(r->nr_stacks, sizeof(*times));
	size_t i;

	if (!times)
		return -ENOMEM;
	for (i = 0; i < r->nr_stacks; i++)
		times[i] = stack_time_s(&r->stacks[i]);
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

/*
 * Adds the time of `s` to the section's "(more stacks)" of the same cause; the first such stack becomes it. Returns true if
 * `s` is gone. The stacks of a section stand together.
 */
static bool merge_stack(struct dcbs_stack **into, struct dcbs_stack *s, uint32_t more)
{
	struct dcbs_stack *to = into[s->cause];

	if (!to || strcmp(to->section, s->section)) {
		assert(s->nr_frames);
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

static int limit_stacks(struct dcbs_report *r, uint32_t more)
{
	struct dcbs_stack *into[NR_CAUSES] = {NULL}, *s;
	size_t i, to = 0, ties;
	double least_s;

	if (r->nr_stacks <= STACKS_MOST)
		return 0;
	if (find_least_time(r, &least_s, &ties))
		return -ENOMEM;
	for (i = 0; i < r->nr_stacks; i++) {
		s = &r->stacks[to];
		*s = r->stacks[i];
		if (stack_time_s(s) > least_s || (stack_time_s(s) == least_s && ties && ties--) || !merge_stack(into, s, more))
			to++;
	}
	r->nr_stacks = to;
	return 0;
}

int stacks_fill(struct dcbs_report *r, const struct snapshot *snap, const struct weighted_section *sections, size_t nr)
{
	struct stack_writer w = {.report = r, .snap = snap};
	int err = 0;
	size_t i;

	for (i = 0; i < nr && !err; i++)
		err = write_section(&w, &sections[i]);
	return err ? err : limit_stacks(r, stacks_frame_index(snap, STACKS_MORE));
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
