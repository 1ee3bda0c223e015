// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample_weights.c - exact times and samples to what each sample is worth. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/sums/summary.h"
#include "analyse/threads.h"
#include "base/clock.h"

#define TOLD 0.01	/* of a section: time without samples below this is left out */

static bool of_idle_thread(const struct snapshot *snap, const struct snapshot_stack *stack)
{
	size_t i;

	for (i = 0; i < snap->nr_threads && stack->tid; i++)
		if ((__u32)snap->threads[i].tid == stack->tid)
			return threads_is_idle(&snap->threads[i]);
	return false;
}

bool samples_in(const struct snapshot *snap, const struct snapshot_stack *stack, __u16 row, enum samples_of of)
{
	__u32 i, nr = stack->nr_sections < SAMPLE_SECTIONS ? stack->nr_sections : SAMPLE_SECTIONS;

	if (row == SNAPSHOT_OUTSIDE && of_idle_thread(snap, stack))
		return false;
	if (!nr)
		return row == SNAPSHOT_OUTSIDE;
	if (of == SAMPLES_SELF)
		return stack->sections[0] == row;
	for (i = 0; i < nr; i++)
		if (stack->sections[i] == row)
			return true;
	return false;
}

/* ---- which sections ---- */

static bool is_met(const struct snapshot *snap, __u16 row)
{
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		if (samples_in(snap, &snap->stacks[i], row, SAMPLES_INCLUSIVE))
			return true;
	return false;
}

/* As report.c has it. */
static int section_order(const void *a, const void *b, void *arg)
{
	const struct samples_section *x = a, *y = b;
	const struct snapshot *snap = arg;
	const struct snapshot_section *p = snap->sections[x->section_id], *q = snap->sections[y->section_id];

	if (p->stat.total_ns != q->stat.total_ns)
		return p->stat.total_ns < q->stat.total_ns ? 1 : -1;
	return strcmp(x->name, y->name) ?: (int)p->kind - (int)q->kind;
}

static int add_section(struct samples_section *to, __u16 row, char *name)
{
	*to = (struct samples_section) {row, name};
	return name ? 0 : -ENOMEM;
}

int samples_sections(struct samples_section **sections, size_t *nr, const struct snapshot *snap)
{
	struct samples_section *s = calloc(snap->nr_sections + 1, sizeof(*s));
	size_t i, n = 0;
	int err = s ? 0 : -ENOMEM;

	for (i = 0; i < snap->nr_sections && i < SNAPSHOT_OUTSIDE && !err; i++)
		if (summary_is_section(snap->sections[i]) && is_met(snap, (__u16)i))
			err = add_section(&s[n++], (__u16)i, summary_name(snap->sections[i]));
	if (!err)
		qsort_r(s, n, sizeof(*s), section_order, (void *)snap);
	if (!err && is_met(snap, SNAPSHOT_OUTSIDE))
		err = add_section(&s[n++], SNAPSHOT_OUTSIDE, strdup(DCBS_OUTSIDE));
	if (err) {
		samples_free(s, n);
		return err;
	}
	*sections = s;
	*nr = n;
	return 0;
}

void samples_free(struct samples_section *sections, size_t nr)
{
	while (nr--)
		free(sections[nr].name);
	free(sections);
}

/* ---- what a sample is worth ---- */

/* Of a section, exactly. */
struct exact {
	double total_ns;
	__u64 off_ns[CAUSES];
};

/* False: not measured. */
static bool exact_times(struct exact *e, const struct snapshot *snap, __u16 row, enum samples_of of)
{
	const struct snapshot_section *r;

	*e = (struct exact) {0};
	if (!snap->wall_known)
		return false;
	if (row == SNAPSHOT_OUTSIDE) {
		e->total_ns = threads_outside_ns(snap, e->off_ns);
		return threads_have_outside(snap);
	}
	r = snap->sections[row];
	e->total_ns = of == SAMPLES_SELF ? r->stat.self_ns : r->stat.total_ns;
	memcpy(e->off_ns, of == SAMPLES_SELF ? r->ledger.self_off_ns : r->ledger.off_ns, sizeof(e->off_ns));
	return true;
}

/* The samples of a section. */
struct seen {
	double ticks, off_ns[CAUSES];
};

static struct seen seen_in(const struct snapshot *snap, __u16 row, enum samples_of of)
{
	const struct snapshot_stack *stack;
	struct seen seen = {0};
	size_t i;
	int c;

	for (i = 0; i < snap->nr_stacks; i++) {
		stack = &snap->stacks[i];
		if (!samples_in(snap, stack, row, of))
			continue;
		seen.ticks += (double)stack->cpu_samples;
		for (c = 0; c < CAUSES; c++)
			seen.off_ns[c] += (double)stack->off_ns[c];
	}
	return seen;
}

/* Without exact times a sample is worth what it says. */
static void plain_rate(struct samples_rate *rate, int frequency_hz)
{
	int c;

	rate->tick_s = frequency_hz > 0 ? 1.0 / frequency_hz : 0;
	for (c = 0; c < CAUSES; c++)
		rate->off_s[c] = S_PER_NS;
}

static void share(double exact_s, double seen, double *unit_s, double *missing_s)
{
	*unit_s = seen > 0 ? exact_s / seen : 0;
	*missing_s = seen > 0 ? 0 : exact_s;
}

static void forget_little(struct samples_rate *rate, double total_s)
{
	double missing_s = rate->cpu_missing_s;
	int c;

	for (c = 0; c < CAUSES; c++)
		missing_s += rate->off_missing_s[c];
	if (missing_s > TOLD * total_s)
		return;
	rate->cpu_missing_s = 0;
	memset(rate->off_missing_s, 0, sizeof(rate->off_missing_s));
}

void samples_rate(struct samples_rate *rate, const struct snapshot *snap, __u16 row, enum samples_of of)
{
	struct seen seen = seen_in(snap, row, of);
	struct exact exact;
	int c;

	*rate = (struct samples_rate) {0};
	if (!exact_times(&exact, snap, row, of)) {
		plain_rate(rate, snap->frequency_hz);
		return;
	}
	share(fmax(exact.total_ns - ledger_off_ns(exact.off_ns), 0) * S_PER_NS, seen.ticks, &rate->tick_s, &rate->cpu_missing_s);
	for (c = 0; c < CAUSES; c++)
		if (c == CAUSE_RUNQUEUE)
			share((double)exact.off_ns[c] * S_PER_NS, seen.ticks, &rate->queue_s, &rate->off_missing_s[c]);
		else
			share((double)exact.off_ns[c] * S_PER_NS, seen.off_ns[c], &rate->off_s[c], &rate->off_missing_s[c]);
	forget_little(rate, exact.total_ns * S_PER_NS);
}

double samples_cpu_s(const struct samples_rate *rate, const struct snapshot_stack *stack)
{
	return rate->tick_s * (double)stack->cpu_samples;
}

double samples_off_s(const struct samples_rate *rate, const struct snapshot_stack *stack)
{
	double s = rate->queue_s * (double)stack->cpu_samples;
	int c;

	for (c = 0; c < CAUSES; c++)
		s += rate->off_s[c] * (double)stack->off_ns[c];
	return s;
}
