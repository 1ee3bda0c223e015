// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* timed_periods.c - estimates the times of all calls of functions whose calls are timed in on-periods. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/overhead/timed_periods.h"

struct function_periods {
	__u32 section_id;
	struct section_stat begin;	/* its counters when the last on-period began */
	__u64 begun_off;		/* calls that had begun when that on-period ended */
	double before;			/* calls before that on-period for which it stands */
	double last_mean_ns;		/* of the on-period before that */
	double squared_steps;		/* sum of the squared differences of one mean from the next */
	double spread;			/* error of the total, squared, if a mean has an error of 1 */
	struct timed_calls sum;
};

struct timed_periods {
	struct function_periods *functions;
	size_t nr;
	bool off;			/* the period at hand is an off-period */
};

/* ---- one on-period ---- */

static __u64 increase(__u64 now, __u64 before)
{
	return now > before ? now - before : 0;
}

/* A gap of `untimed` calls differs from the on-periods beside it by chance, too: it has as many means as on-periods would fit. */
static void add_errors(struct function_periods *f, double mean_ns, double timed, double untimed)
{
	double step = mean_ns - f->last_mean_ns;

	if (f->sum.periods++)
		f->squared_steps += step * step;
	f->last_mean_ns = mean_ns;
	f->spread += untimed * untimed + untimed * timed;
	if (f->sum.periods > 1)
		f->sum.variance_ns2 = f->squared_steps / (2 * (f->sum.periods - 1)) * f->spread;
}

/* Accounts for the last on-period and `after` calls behind it. An on-period that saw no call leaves its calls to the next one. */
static void close_period(struct function_periods *f, const struct section_stat *now, __u64 begun_off, double after)
{
	double timed = (double)increase(now->count, f->begin.count), by;
	double stands_for = f->before + (double)increase(begun_off, f->begin.begun) + after;
	int place;

	f->before = 0;
	if (timed <= 0) {
		f->before = stands_for;
		return;
	}
	by = stands_for / timed;
	f->sum.calls += stands_for;
	f->sum.sum_ns += by * (double)increase(now->sum_ns, f->begin.sum_ns);
	f->sum.zero_count += by * (double)increase(now->zero_count, f->begin.zero_count);
	for (place = 0; place < HIST_PLACES; place++)
		if (now->buckets[place] > f->begin.buckets[place])
			f->sum.buckets[place] += by * (double)(now->buckets[place] - f->begin.buckets[place]);
	add_errors(f, (double)increase(now->sum_ns, f->begin.sum_ns) / timed, timed, stands_for > timed ? stands_for - timed : 0);
}

/* ---- from one period to the next ---- */

void timed_periods_disable(struct timed_periods *p, const struct section_stat *stats)
{
	size_t i;

	p->off = true;
	for (i = 0; i < p->nr; i++)
		p->functions[i].begun_off = stats[p->functions[i].section_id].begun;
}

void timed_periods_enable(struct timed_periods *p, const struct section_stat *stats)
{
	size_t i;

	p->off = false;
	for (i = 0; i < p->nr; i++) {
		struct function_periods *f = &p->functions[i];
		const struct section_stat *now = &stats[f->section_id];
		double half = (double)increase(now->begun, f->begun_off) / 2;

		close_period(f, now, f->begun_off, half);
		f->before += half;
		f->begin = *now;
	}
}

static bool has_function(const struct timed_periods *p, __u32 section_id)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		if (p->functions[i].section_id == section_id)
			return true;
	return false;
}

struct timed_periods *timed_periods_new(const __u32 *section_ids, size_t nr)
{
	struct timed_periods *p = calloc(1, sizeof(*p));
	size_t i;

	if (p)
		p->functions = calloc(nr ? nr : 1, sizeof(*p->functions));
	if (!p || !p->functions) {
		free(p);
		return NULL;
	}
	for (i = 0; i < nr; i++)
		if (!has_function(p, section_ids[i]))
			p->functions[p->nr++].section_id = section_ids[i];
	return p;
}

void timed_periods_free(struct timed_periods *p)
{
	if (p)
		free(p->functions);
	free(p);
}

void timed_periods_clear(struct timed_periods *p)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		p->functions[i] = (struct function_periods){.section_id = p->functions[i].section_id};
}

/* ---- in a snapshot ---- */

/* Several section ids may have one name. */
static void merge_calls(struct timed_calls *to, const struct timed_calls *from)
{
	int place;

	to->periods = to->periods && to->periods < from->periods ? to->periods : from->periods;
	to->calls += from->calls;
	to->sum_ns += from->sum_ns;
	to->variance_ns2 += from->variance_ns2;
	to->zero_count += from->zero_count;
	for (place = 0; place < HIST_PLACES; place++)
		to->buckets[place] += from->buckets[place];
}

static int add_function(struct snapshot_section *section, const struct function_periods *f, const struct section_stat *now, bool off)
{
	struct function_periods *copy = malloc(sizeof(*copy));
	__u64 begun_off = off ? f->begun_off : now->begun;

	if (!section->timed)
		section->timed = calloc(1, sizeof(*section->timed));
	if (!copy || !section->timed) {
		free(copy);
		return -ENOMEM;
	}
	*copy = *f;
	close_period(copy, now, begun_off, (double)increase(now->begun, begun_off));
	merge_calls(section->timed, &copy->sum);
	free(copy);
	return 0;
}

int timed_periods_add(const struct timed_periods *p, struct snapshot *snap, const __u16 *section_index, const struct section_stat *stats)
{
	size_t i;
	int err = 0;

	for (i = 0; i < p->nr && !err; i++) {
		const struct function_periods *f = &p->functions[i];
		__u16 index = section_index[f->section_id];

		if (index != SNAPSHOT_OUTSIDE)
			err = add_function(snap->sections[index], f, &stats[f->section_id], p->off);
	}
	return err;
}
