// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_sections.c - see merge_sections.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge/merge_histogram.h"
#include "analyse/merge/merge_ledgers.h"
#include "analyse/merge/merge_sections.h"
#include "analyse/merge/sums.h"
#include "bpfprof/hist.h"

#define S_PER_NS 1e-9

/* ---- one section ---- */

/* Calls that were timed, and so have a mean. */
static double timed_calls(const struct dcbs_section *s)
{
	double timed = merge_histogram_values(&s->histogram);

	return timed > 0 || s->count == DCBS_UNKNOWN ? timed : (double)s->count;
}

static void add_calls(struct dcbs_section *to, const struct dcbs_section *s)
{
	to->mean_s = sums_mean(to->mean_s, timed_calls(to), s->mean_s, timed_calls(s));
	to->min_s = fmin(to->min_s, s->min_s);
	to->max_s = fmax(to->max_s, s->max_s);
	to->count = sums_count(to->count, s->count);
	to->open = sums_count(to->open, s->open);
	to->open_at_start = sums_count(to->open_at_start, s->open_at_start);
	to->unreturned = sums_count(to->unreturned, s->unreturned);
	to->errors = sums_count(to->errors, s->errors);
	to->cancelled = sums_count(to->cancelled, s->cancelled);
	to->items = sums_present_count(to->items, s->items);
	to->in_flight_most = sums_largest(to->in_flight_most, s->in_flight_most);
}

static void add_times(struct dcbs_section *to, const struct dcbs_section *s)
{
	to->total_s += s->total_s;
	to->self_s += s->self_s;
	to->profiling_s += s->profiling_s;
	to->error_s = sums_error(to->error_s, s->error_s);
	to->cpu_error_s = sums_error(to->cpu_error_s, s->cpu_error_s);
	to->fault_cpu_s = sums_present(to->fault_cpu_s, s->fault_cpu_s);
	to->fault_cpu_error_s = sums_error(to->fault_cpu_error_s, s->fault_cpu_error_s);
	to->unseen_s = sums_present(to->unseen_s, s->unseen_s);
	merge_wall_add(&to->wall, &s->wall);
	merge_wall_add(&to->self_wall, &s->self_wall);
	merge_gpu_add(&to->gpu, &s->gpu);
	merge_gpu_calls_add(&to->gpu_calls, &s->gpu_calls);
	merge_memory_add(&to->memory, &s->memory);
	merge_memory_add(&to->self_memory, &s->self_memory);
}

/* A section whose parent differs among the sessions has none. */
static void add_parent(struct dcbs_section *to, const struct dcbs_section *s)
{
	if (to->parent && s->parent && !strcmp(to->parent, s->parent))
		return;
	free(to->parent);
	to->parent = NULL;
}

static int add_section(struct dcbs_section *to, const struct dcbs_section *s)
{
	add_calls(to, s);	/* before the histograms, which have the number of timed calls */
	add_times(to, s);
	add_parent(to, s);
	return merge_histogram_add(&to->histogram, &s->histogram) ?: merge_spread_add(&to->growth, &s->growth) ?:
	       merge_spread_add(&to->faults, &s->faults);
}

/* All that cannot be added up is unknown: it belongs to a window, or to the processes of one session. */
static int copy_section(struct dcbs_section *to, const struct dcbs_section *s)
{
	*to = *s;
	to->slices = (struct dcbs_section_slices){0};
	to->trend = (struct dcbs_trend){NAN, NAN, NAN, NAN, NAN};
	to->skew = (struct dcbs_skew){.ratio = NAN};
	to->slowest = NULL;
	to->nr_slowest = 0;
	to->late_growth_bytes = DCBS_UNKNOWN;
	to->session_skew = (struct dcbs_session_skew){.ratio = NAN};
	to->histogram = to->growth.histogram = to->faults.histogram = (struct dcbs_histogram){0};
	to->name = strdup(s->name);
	to->parent = s->parent ? strdup(s->parent) : NULL;
	if (!to->name || (s->parent && !to->parent))
		return -ENOMEM;
	return merge_histogram_add(&to->histogram, &s->histogram) ?: merge_histogram_add(&to->growth.histogram, &s->growth.histogram) ?:
	       merge_histogram_add(&to->faults.histogram, &s->faults.histogram);
}

/* ---- sessions that differ ---- */

static void note_mean(struct dcbs_session_skew *skew, size_t session, double mean_s)
{
	if (!skew->sessions || mean_s > skew->slowest_mean_s) {
		skew->slowest = session;
		skew->slowest_mean_s = mean_s;
	}
	if (!skew->sessions || mean_s < skew->fastest_mean_s) {
		skew->fastest = session;
		skew->fastest_mean_s = mean_s;
	}
}

/* The session may be one that was merged. `at` is the place of its first session. */
static void add_skew(struct dcbs_session_skew *skew, const struct dcbs_section *s, size_t at)
{
	const struct dcbs_session_skew *inner = &s->session_skew;

	if (inner->sessions > 0) {
		note_mean(skew, at + inner->slowest, inner->slowest_mean_s);
		skew->sessions += inner->sessions;
		note_mean(skew, at + inner->fastest, inner->fastest_mean_s);
	} else if (!isnan(s->mean_s)) {
		note_mean(skew, at, s->mean_s);
		skew->sessions++;
	}
}

/* ---- the list ---- */

static bool is_outside(const struct dcbs_section *s)
{
	return s->count == DCBS_UNKNOWN && !strcmp(s->name, DCBS_OUTSIDE);
}

static struct dcbs_section *find_section(struct dcbs_report *r, const struct dcbs_section *like)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (r->sections[i].kind == like->kind && !strcmp(r->sections[i].name, like->name) &&
		    is_outside(&r->sections[i]) == is_outside(like))
			return &r->sections[i];
	return NULL;
}

int merge_sections_add(struct dcbs_report *to, const struct dcbs_report *session, size_t at)
{
	size_t i, known = to->nr_sections;
	struct dcbs_section *list = reallocarray(to->sections, known + session->nr_sections + 1, sizeof(*list)), *section;
	int err = 0;

	if (!list)
		return -ENOMEM;
	to->sections = list;
	for (i = 0; i < session->nr_sections && !err; i++) {
		const struct dcbs_section *s = &session->sections[i];

		section = find_section(to, s);
		if (section) {
			err = add_section(section, s);
		} else {
			section = &list[to->nr_sections++];
			err = copy_section(section, s);
		}
		add_skew(&section->session_skew, s, at);
	}
	return err;
}

static void finish_section(struct dcbs_section *s, double duration_s)
{
	const double q[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	double *to[] = {&s->p50_s, &s->p90_s, &s->p95_s, &s->p99_s, &s->p999_s};
	struct dcbs_session_skew *skew = &s->session_skew;
	size_t i;

	for (i = 0; i < 5; i++)
		*to[i] = merge_histogram_percentile(&s->histogram, q[i], HIST_SUB, s->min_s / S_PER_NS, s->max_s / S_PER_NS) * S_PER_NS;
	s->in_flight = duration_s > 0 ? s->total_s / duration_s : NAN;
	s->items_per_s = s->items != DCBS_UNKNOWN && s->total_s > 0 ? (double)s->items / s->total_s : NAN;
	s->profiling_per_call_s = s->count > 0 ? s->profiling_s / (double)s->count : NAN;
	merge_gpu_calls_finish(&s->gpu_calls, &s->gpu);
	merge_spread_finish(&s->growth);
	merge_spread_finish(&s->faults);
	skew->ratio = skew->sessions > 1 && skew->fastest_mean_s > 0 ? skew->slowest_mean_s / skew->fastest_mean_s : NAN;
}

/* By total_s, the largest first; unknown ones behind them, and the time outside of sections last. */
static int order_sections(const void *a, const void *b)
{
	const struct dcbs_section *x = a, *y = b;

	if (is_outside(x) != is_outside(y))
		return is_outside(x) - is_outside(y);
	if (isnan(x->total_s) || isnan(y->total_s))
		return (isnan(x->total_s) - isnan(y->total_s)) ?: strcmp(x->name, y->name);
	return (x->total_s < y->total_s) - (x->total_s > y->total_s) ?: strcmp(x->name, y->name);
}

void merge_sections_finish(struct dcbs_report *to)
{
	size_t i;

	for (i = 0; i < to->nr_sections; i++)
		finish_section(&to->sections[i], to->duration_s);
	qsort(to->sections, to->nr_sections, sizeof(*to->sections), order_sections);
}
