// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample_weights.c - divides the exact times of a section among its samples. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/sums/summary.h"
#include "analyse/threads.h"
#include "base/clock.h"

#define TWO_SIGMA 1.96
#define MISSING_SHARE 0.01	/* of a section: time without samples up to this is dropped */

bool sample_weights_covers(const struct snapshot_stack *stack, __u16 section, enum sample_scope scope)
{
	__u32 i, nr = stack->nr_sections < SAMPLE_SECTIONS ? stack->nr_sections : SAMPLE_SECTIONS;

	if (section == SNAPSHOT_OUTSIDE && stack->of_idle_thread)
		return false;
	if (!nr)
		return section == SNAPSHOT_OUTSIDE;
	if (scope == SAMPLE_SCOPE_SELF)
		return stack->sections[0] == section;
	for (i = 0; i < nr; i++)
		if (stack->sections[i] == section)
			return true;
	return false;
}

/* ---- the sections that have samples ---- */

static bool has_samples(const struct snapshot *snap, __u16 section)
{
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(&snap->stacks[i], section, SAMPLE_SCOPE_TOTAL))
			return true;
	return false;
}

/* The same order as section_order() of report.c. */
static int weighted_order(const void *a, const void *b, void *arg)
{
	const struct weighted_section *x = a, *y = b;
	const struct snapshot *snap = arg;
	const struct snapshot_section *p = snap->sections[x->section], *q = snap->sections[y->section];

	if (p->stat.total_ns != q->stat.total_ns)
		return p->stat.total_ns < q->stat.total_ns ? 1 : -1;
	return strcmp(x->name, y->name) ?: (int)p->kind - (int)q->kind;
}

static int set_weighted(struct weighted_section *to, __u16 section, char *name)
{
	*to = (struct weighted_section) {section, name};
	return name ? 0 : -ENOMEM;
}

int sample_weights_sections(struct weighted_section **sections, size_t *nr, const struct snapshot *snap)
{
	struct weighted_section *s = calloc(snap->nr_sections + 1, sizeof(*s));
	size_t i, n = 0;
	int err = s ? 0 : -ENOMEM;

	/* The report leaves out a section without calls: only a damaged record can have been sampled there. */
	for (i = 0; i < snap->nr_sections && i < SNAPSHOT_OUTSIDE && !err; i++)
		if (summary_is_section(snap->sections[i]) && !summary_is_empty(snap->sections[i]) && has_samples(snap, (__u16)i))
			err = set_weighted(&s[n++], (__u16)i, summary_name(snap->sections[i]));
	if (!err)
		qsort_r(s, n, sizeof(*s), weighted_order, (void *)snap);
	if (!err && has_samples(snap, SNAPSHOT_OUTSIDE))
		err = set_weighted(&s[n++], SNAPSHOT_OUTSIDE, strdup(DCBS_OUTSIDE));
	if (err) {
		sample_weights_free_sections(s, n);
		return err;
	}
	*sections = s;
	*nr = n;
	return 0;
}

void sample_weights_free_sections(struct weighted_section *sections, size_t nr)
{
	while (nr--)
		free(sections[nr].name);
	free(sections);
}

/* ---- the weight of a sample ---- */

/* The ledger's times of a section. */
struct exact_times {
	double total_ns;	/* without the time in which its flow was not the current one: there are no samples of that */
	double cpu_ns;
	__u64 off_ns[CAUSES];
};

/* Returns false if the kernel side did not measure them. */
static bool read_exact_times(struct exact_times *e, const struct snapshot *snap, __u16 section, enum sample_scope scope)
{
	const struct snapshot_section *facts;
	double await_ns;

	*e = (struct exact_times) {0};
	if (!snap->wall_known)
		return false;
	if (section == SNAPSHOT_OUTSIDE) {
		e->total_ns = threads_outside_ns(snap, e->off_ns);
		e->cpu_ns = e->total_ns - ledger_off_ns(e->off_ns);
		return threads_have_outside(snap);
	}
	assert(section < snap->nr_sections);
	facts = snap->sections[section];
	e->cpu_ns = ledger_cpu_ns(facts, scope == SAMPLE_SCOPE_SELF, &await_ns);
	e->total_ns = (scope == SAMPLE_SCOPE_SELF ? facts->stat.self_ns : facts->stat.total_ns) - await_ns;
	memcpy(e->off_ns, scope == SAMPLE_SCOPE_SELF ? facts->ledger.self_off_ns : facts->ledger.off_ns, sizeof(e->off_ns));
	return true;
}

/* The sums of a section's samples. */
struct sampled_times {
	double ticks, ticks2, fault_ticks, off_ns[CAUSES];
};

static struct sampled_times add_up_samples(const struct snapshot *snap, __u16 section, enum sample_scope scope)
{
	struct sampled_times sampled = {0};
	const struct snapshot_stack *stack;
	size_t i;
	int c;

	for (i = 0; i < snap->nr_stacks; i++) {
		stack = &snap->stacks[i];
		if (!sample_weights_covers(stack, section, scope))
			continue;
		sampled.ticks += (double)stack->cpu_samples;
		sampled.ticks2 += stack->cpu_samples2;
		sampled.fault_ticks += (double)stack->fault_samples;
		for (c = 0; c < CAUSES; c++)
			sampled.off_ns[c] += (double)stack->off_ns[c];
	}
	return sampled;
}

/* Without exact times a tick stands for one period of the sampling clock, and a wait for the time it took. */
static void use_sampled_times(struct sample_weights *weights, int frequency_hz)
{
	int c;

	weights->tick_s = frequency_hz > 0 ? 1.0 / frequency_hz : 0;
	for (c = 0; c < CAUSES; c++)
		weights->off_s[c] = S_PER_NS;
}

static void divide_exact_time(double exact_s, double sampled, double *unit_s, double *missing_s)
{
	*unit_s = sampled > 0 ? exact_s / sampled : 0;
	*missing_s = sampled > 0 ? 0 : exact_s;
}

static void drop_small_missing(struct sample_weights *weights, double total_s)
{
	double missing_s = weights->cpu_missing_s;
	int c;

	for (c = 0; c < CAUSES; c++)
		missing_s += weights->off_missing_s[c];
	if (missing_s > MISSING_SHARE * total_s)
		return;
	weights->cpu_missing_s = 0;
	memset(weights->off_missing_s, 0, sizeof(weights->off_missing_s));
}

void sample_weights_compute(struct sample_weights *weights, const struct snapshot *snap, __u16 section, enum sample_scope scope)
{
	struct sampled_times sampled = add_up_samples(snap, section, scope);
	struct exact_times exact;
	int c;

	*weights = (struct sample_weights) {0};
	if (!read_exact_times(&exact, snap, section, scope)) {
		use_sampled_times(weights, snap->frequency_hz);
		return;
	}
	divide_exact_time(fmax(exact.cpu_ns, 0) * S_PER_NS, sampled.ticks, &weights->tick_s, &weights->cpu_missing_s);
	for (c = 0; c < CAUSES; c++)
		divide_exact_time((double)exact.off_ns[c] * S_PER_NS, sampled.off_ns[c], &weights->off_s[c],
				  &weights->off_missing_s[c]);
	divide_exact_time((double)exact.off_ns[CAUSE_STEAL] * S_PER_NS, sampled.ticks, &weights->steal_s,
			  &weights->off_missing_s[CAUSE_STEAL]);
	drop_small_missing(weights, exact.total_ns * S_PER_NS);
}

double sample_weights_cpu_s(const struct sample_weights *weights, const struct snapshot_stack *stack)
{
	return weights->tick_s * (double)stack->cpu_samples;
}

double sample_weights_steal_s(const struct sample_weights *weights, const struct snapshot_stack *stack)
{
	return weights->steal_s * (double)stack->cpu_samples;
}

double sample_weights_off_s(const struct sample_weights *weights, const struct snapshot_stack *stack)
{
	double s = sample_weights_steal_s(weights, stack);
	int c;

	for (c = 0; c < CAUSES; c++)
		s += weights->off_s[c] * (double)stack->off_ns[c];
	return s;
}

/* The number of ticks of weight 1 that tell as much. */
static double effective_ticks(double all, double all2)
{
	return all > 0 && all2 > 0 ? all * all / all2 : 0;
}

double sample_weights_share_error(double ticks, double all, double all2)
{
	double n = effective_ticks(all, all2), a, b;

	if (n <= 0)
		return NAN;
	a = ticks / all * n + 0.5;
	b = n + 1 - a;
	return sqrt(a * b / ((n + 1) * (n + 1) * (n + 2)));
}

/* The error is largest for a share of one half. The last term is the distance between two shares that n ticks can tell apart. */
double sample_weights_share_bound(double all, double all2)
{
	double n = effective_ticks(all, all2);

	return n > 0 ? fmin(1, TWO_SIGMA * sqrt(0.25 / n) + 0.5 / n) : NAN;
}

double sample_weights_fault_s(const struct snapshot *snap, __u16 section, double cpu_s, double *error_s)
{
	struct sampled_times sampled = add_up_samples(snap, section, SAMPLE_SCOPE_SELF);

	*error_s = cpu_s * sample_weights_share_error(sampled.fault_ticks, sampled.ticks, sampled.ticks2);
	return sampled.ticks > 0 ? cpu_s * sampled.fault_ticks / sampled.ticks : NAN;
}
