// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* slices.c - see slices.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/sums/ledger.h"
#include "analyse/sums/slices.h"
#include "base/array.h"
#include "base/clock.h"

#define MOST_SLICES (SLICE_MARKS + 1)
#define AWAIT CAUSES	/* behind the kernel's causes: suspensions of coroutines */
#define FIELD(name) (offsetof(struct dcbs_wall, name) / sizeof(double))

/* A section's time and waits in each slice, ns. */
struct slice_times {
	size_t nr;
	double total[MOST_SLICES];
	double waits[CAUSES + 1][MOST_SLICES];
};

/* ---- differences ---- */

/*
 * Returns a series as it must have been: at each mark from its value at the last one up to that at the end. A call that had ended
 * and whose record had not been read yet is missing at a mark.
 */
static void steady_series(double *to, const __u64 *series, size_t nr, double end)
{
	double scale = series && series[nr - 1] ? end / (double)series[nr - 1] : 0, least = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		double value = series ? (double)series[i] * scale : 0;

		least = fmin(fmax(value, least), end);
		to[i] = i + 1 < nr ? least : end;
	}
}

/* Turns values at the ends of slices into values of the slices. */
static void difference(double *values, size_t nr)
{
	size_t i;

	for (i = nr; i-- > 1;)
		values[i] -= values[i - 1];
}

static void series_in_slices(double *to, const __u64 *series, size_t nr, double end)
{
	steady_series(to, series, nr, end);
	difference(to, nr);
}

/* Suspensions are what remains of the flows' time. What a later mark shows not to be one was none before. */
static void await_in_slices(struct slice_times *t, const struct snapshot_section *facts)
{
	const __u64 *const *s = (const __u64 *const *)facts->marks->series;
	double total[MOST_SLICES], off[MOST_SLICES], run[MOST_SLICES], most, *to = t->waits[AWAIT];
	size_t i;

	steady_series(total, s[SLICE_FLOW_TOTAL], t->nr, (double)facts->stat.flow_total_ns);
	steady_series(off, s[SLICE_FLOW_OFF], t->nr, (double)facts->ledger.flow_off_ns);
	steady_series(run, s[SLICE_FLOW_RUN], t->nr, (double)facts->ledger.flow_run_ns);
	ledger_cpu_ns(facts, false, &most);
	for (i = t->nr; i-- > 0;)
		to[i] = most = fmin(most, fmax(fmax(total[i] - off[i], 0) - run[i], 0));
	difference(to, t->nr);
}

/* ---- no part above its whole ---- */

static double waits_of(const struct slice_times *t, size_t i)
{
	double sum = 0;
	int cause;

	for (cause = 0; cause <= AWAIT; cause++)
		sum += t->waits[cause][i];
	return sum;
}

/* Moves what exceeds the time of slice i to another slice. */
static void move_excess(struct slice_times *t, size_t i, size_t to)
{
	double sum = waits_of(t, i), share = sum > t->total[i] ? 1 - t->total[i] / sum : 0;
	int cause;

	for (cause = 0; share > 0 && cause <= AWAIT; cause++) {
		double part = t->waits[cause][i] * share;

		t->waits[cause][i] -= part;
		t->waits[cause][to] += part;
	}
}

/* A wait is charged when it ends. What does not fit into its slice was in the ones before. */
static void fit_waits(struct slice_times *t)
{
	size_t i;

	for (i = t->nr; i-- > 1;)
		move_excess(t, i, i - 1);
	for (i = 0; i + 1 < t->nr; i++)
		move_excess(t, i, i + 1);
}

/* ---- causes ---- */

static int add_field(struct dcbs_section_slices *to, size_t field, size_t i, double value, size_t nr)
{
	if (!to->wall_s[field] && value > 0)
		to->wall_s[field] = calloc(nr, sizeof(double));
	if (to->wall_s[field])
		to->wall_s[field][i] += value;
	return value > 0 && !to->wall_s[field] ? -ENOMEM : 0;
}

static int add_slice_wall(struct dcbs_section_slices *to, const struct slice_times *t, size_t i, double worker_ns)
{
	static const size_t parts[] = {FIELD(residue_s), FIELD(sync_s), FIELD(pipe_s), FIELD(child_s), FIELD(stopped_s)};
	__u64 off_ns[CAUSES];
	struct dcbs_wall wall;
	size_t field, k;
	int c, err = 0;

	for (c = 0; c < CAUSES; c++)
		off_ns[c] = (__u64)(t->waits[c][i] + 0.5);
	ledger_wall(&wall, off_ns, worker_ns, t->total[i] - t->waits[AWAIT][i]);
	wall.await_s = t->waits[AWAIT][i] * S_PER_NS;
	for (k = 0; k < ARRAY_SIZE(parts); k++)
		((double *)&wall)[parts[k]] = 0;
	for (field = 0; field < DCBS_WALL_FIELDS && !err; field++)
		err = add_field(to, field, i, ((const double *)&wall)[field], t->nr);
	return err;
}

/* Samples tell which part of a field was a wait for a GPU, but not in which slice: each slice gets its share. */
static int move_to_gpu(struct dcbs_section_slices *to, size_t field, double whole_s, size_t nr)
{
	double sum = 0, share;
	size_t i;
	int err = 0;

	for (i = 0; to->wall_s[field] && i < nr; i++)
		sum += to->wall_s[field][i];
	share = sum > 0 && whole_s < sum ? 1 - whole_s / sum : 0;
	for (i = 0; share > 1e-6 && i < nr && !err; i++) {
		double part = to->wall_s[field][i] * share;

		to->wall_s[field][i] -= part;
		err = add_field(to, FIELD(gpu_s), i, part, nr);
	}
	return err;
}

static int fill_causes(struct dcbs_section *to, const struct snapshot_section *facts, struct slice_times *t)
{
	static const size_t spins[] = {FIELD(cpu_s), FIELD(runqueue_s), FIELD(throttled_s), FIELD(steal_s)};
	double worker[MOST_SLICES];
	size_t i;
	int c, err = 0;

	for (c = 0; c < CAUSES; c++)
		series_in_slices(t->waits[c], facts->marks->series[SLICE_OFF + c], t->nr, (double)facts->ledger.off_ns[c]);
	await_in_slices(t, facts);
	fit_waits(t);
	series_in_slices(worker, facts->marks->series[SLICE_WORKER], t->nr, (double)facts->ledger.worker_ns);
	for (i = 0; i < t->nr && !err; i++)
		err = add_slice_wall(&to->slices, t, i, worker[i]);
	for (i = 0; i < ARRAY_SIZE(spins) && !isnan(to->gpu.wait_s) && !err; i++)
		err = move_to_gpu(&to->slices, spins[i], ((const double *)&to->wall)[spins[i]], t->nr);
	return err;
}

/* ---- a section ---- */

int slices_fill_section(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap)
{
	struct slice_times t = {.nr = snap->slices.nr + 1};
	double count[MOST_SLICES];
	size_t i;

	if (!facts->marks)
		return 0;
	to->slices.nr = t.nr;
	to->slices.count = calloc(t.nr, sizeof(*to->slices.count));
	to->slices.total_s = calloc(t.nr, sizeof(*to->slices.total_s));
	if (!to->slices.count || !to->slices.total_s)
		return -ENOMEM;
	series_in_slices(count, facts->marks->series[SLICE_COUNT], t.nr, (double)facts->stat.count);
	series_in_slices(t.total, facts->marks->series[SLICE_TOTAL], t.nr, (double)facts->stat.total_ns);
	for (i = 0; i < t.nr; i++) {
		to->slices.count[i] = (int64_t)(count[i] + 0.5);
		to->slices.total_s[i] = t.total[i] * S_PER_NS;
	}
	to->slices.count[t.nr - 1] += to->unreturned;
	return isnan(to->wall.cpu_s) ? 0 : fill_causes(to, facts, &t);
}

/* ---- the window ---- */

int slices_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct snapshot_slices *marks = &snap->slices;
	struct dcbs_slices *to = &r->slices;
	size_t i;

	if (!marks->width_ns)
		return 0;
	to->nr = marks->nr + 1;
	to->width_s = marks->width_ns * S_PER_NS;
	to->left_out = (int64_t)marks->left_out;
	to->end_s = calloc(to->nr, sizeof(*to->end_s));
	to->rss_bytes = calloc(to->nr, sizeof(*to->rss_bytes));
	if (!to->end_s || !to->rss_bytes)
		return -ENOMEM;
	for (i = 0; i < marks->nr; i++) {
		to->end_s[i] = (marks->at_ns[i] - snap->start_ns) * S_PER_NS;
		to->rss_bytes[i] = marks->rss_bytes[i];
	}
	to->end_s[marks->nr] = r->duration_s;
	to->rss_bytes[marks->nr] = r->rss_end_bytes;
	return 0;
}

void slices_free(struct dcbs_report *r)
{
	size_t i, field;

	for (i = 0; i < r->nr_sections; i++) {
		struct dcbs_section_slices *s = &r->sections[i].slices;

		free(s->count);
		free(s->total_s);
		for (field = 0; field < DCBS_WALL_FIELDS; field++)
			free(s->wall_s[field]);
	}
	free(r->slices.end_s);
	free(r->slices.rss_bytes);
}
