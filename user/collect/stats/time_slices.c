// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* time_slices.c - see time_slices.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collect/kernel/stat_maps.h"
#include "collect/stats/time_slices.h"

#define FIRST_WIDTH_NS 200000000ULL
#define FIRST_MARKS 30
#define KEPT_SECTIONS 64	/* of a snapshot: those with the most time */

/* ---- marks ---- */

static __u64 series_value(const struct section_stat *s, const struct section_ledger *l, int series)
{
	switch (series) {
	case SLICE_COUNT:
		return s->count;
	case SLICE_TOTAL:
		return s->total_ns;
	case SLICE_WORKER:
		return l->worker_ns;
	case SLICE_FLOW_TOTAL:
		return s->flow_total_ns;
	case SLICE_FLOW_OFF:
		return l->flow_off_ns;
	case SLICE_FLOW_RUN:
		return l->flow_run_ns;
	default:
		return l->off_ns[series - SLICE_OFF];
	}
}

static __u64 open_value(const struct in_flight *in_flight, size_t id, int series)
{
	if (series == SLICE_TOTAL)
		return in_flight->open_ns[id];
	return series == SLICE_FLOW_TOTAL ? in_flight->flow_open_ns[id] : 0;
}

/* A series is 0 at all marks that were noted before its memory was needed. */
static void note_value(const struct time_slices *slices, struct slice_marks *to, int series, __u64 value)
{
	if (!to->series[series] && value)
		to->series[series] = calloc(slices->room, sizeof(*to->series[series]));
	if (to->series[series])
		to->series[series][slices->marks.nr] = value;
}

static void mark_section(struct time_slices *slices, const struct programs *bpf, const struct in_flight *in_flight, size_t id)
{
	int series;

	if (!slices->sections[id] && !bpf->stats[id].total_ns && !in_flight->open_ns[id])
		return;
	if (!slices->sections[id])
		slices->sections[id] = calloc(1, sizeof(*slices->sections[id]));
	for (series = 0; slices->sections[id] && series < SLICE_SERIES; series++)
		note_value(slices, slices->sections[id], series,
			   series_value(&bpf->stats[id], &bpf->ledgers[id], series) + open_value(in_flight, id, series));
}

/* Without memory, a series begins anew: what it had counts for the next slice. */
static void grow_series(__u64 **series, size_t nr, size_t room)
{
	__u64 *more = *series ? calloc(room, sizeof(*more)) : NULL;

	if (more)
		memcpy(more, *series, nr * sizeof(*more));
	free(*series);
	*series = more;
}

/* Most windows are short, and there may be hundreds of sections: memory is taken by degrees. */
static void make_room(struct time_slices *slices)
{
	size_t id, room = slices->room ? 2 * slices->room : FIRST_MARKS;
	int series;

	room = room < SLICE_MARKS ? room : SLICE_MARKS;
	for (id = 0; id < BPFPROF_SECTIONS; id++)
		for (series = 0; slices->sections[id] && series < SLICE_SERIES; series++)
			grow_series(&slices->sections[id]->series[series], slices->marks.nr, room);
	slices->room = room;
}

static void thin_series(__u64 *series, size_t nr)
{
	size_t i;

	for (i = 0; series && 2 * i + 1 < nr; i++)
		series[i] = series[2 * i + 1];
}

/* Keeps every second mark. */
static void thin_out(struct time_slices *slices)
{
	struct snapshot_slices *m = &slices->marks;
	size_t id, i;
	int series;

	for (id = 0; id < BPFPROF_SECTIONS; id++)
		for (series = 0; slices->sections[id] && series < SLICE_SERIES; series++)
			thin_series(slices->sections[id]->series[series], m->nr);
	for (i = 0; 2 * i + 1 < m->nr; i++) {
		m->at_ns[i] = m->at_ns[2 * i + 1];
		m->rss_bytes[i] = m->rss_bytes[2 * i + 1];
	}
	m->nr = i;
	slices->width_ns *= 2;
}

static void add_mark(struct time_slices *slices, const struct programs *bpf, const struct in_flight *in_flight, __s64 rss_bytes)
{
	size_t id, used = stat_maps_used(bpf);

	if (slices->marks.nr == SLICE_MARKS)
		thin_out(slices);
	if (slices->marks.nr == slices->room)
		make_room(slices);
	for (id = SECTION_OTHER; id < used; id++)
		mark_section(slices, bpf, in_flight, id);
	slices->marks.at_ns[slices->marks.nr] = slices->marked_ns = in_flight->looked_ns;
	slices->marks.rss_bytes[slices->marks.nr++] = rss_bytes;
}

/* Marks lie at multiples of the width, as far as the looks come in time. */
void time_slices_look(struct time_slices *slices, struct programs *bpf, const struct in_flight *in_flight, __s64 rss_bytes)
{
	__u64 start = bpf->skel->bss->window.start_ns, now = in_flight->looked_ns;

	if (!slices->width_ns) {
		slices->width_ns = FIRST_WIDTH_NS;
		slices->due_ns = start + FIRST_WIDTH_NS;
	}
	if (!start || now <= start || now < slices->due_ns || now == slices->marked_ns)
		return;
	if (stat_maps_reach(bpf, stat_maps_used(bpf)))
		return;
	add_mark(slices, bpf, in_flight, rss_bytes);
	slices->due_ns = start + ((now - start) / slices->width_ns + 1) * slices->width_ns;
}

__u64 time_slices_width_ns(const struct time_slices *slices, __u64 most)
{
	return slices->width_ns && slices->width_ns < most ? slices->width_ns : most;
}

/* ---- snapshot ---- */

static bool is_scaled(int series)
{
	return series >= SLICE_OFF || series == SLICE_WORKER || series == SLICE_FLOW_OFF;
}

/* Waits are scaled as those of the section are. */
static int add_series(__u64 **to, const __u64 *from, size_t nr, double scale)
{
	size_t i;

	if (!from)
		return 0;
	if (!*to)
		*to = calloc(nr + 1, sizeof(**to));
	if (!*to)
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < nr; i++)
		(*to)[i] += scale == 1 ? from[i] : (__u64)((double)from[i] * scale);
	return 0;
}

static int add_marks(struct snapshot_section *section, const struct slice_marks *from, const struct snapshot *snap)
{
	int series, err = 0;

	for (series = 0; series < SLICE_SERIES && !err; series++)
		err = add_series(&section->marks->series[series], from->series[series], snap->slices.nr,
				 is_scaled(series) ? snap->wait_scale : 1);
	return err;
}

static bool has_exact_time(const struct snapshot_section *s)
{
	return s->kind && s->kind != DCBS_NAME_CACHE && !s->stat.sampled && s->stat.total_ns;
}

static int compare_totals(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* Returns the least time that a section must have to be kept. */
static __u64 least_total(struct snapshot *snap)
{
	__u64 totals[BPFPROF_SECTIONS];
	size_t i, nr = 0;

	for (i = 0; i < snap->nr_sections; i++)
		if (has_exact_time(snap->sections[i]))
			totals[nr++] = snap->sections[i]->stat.total_ns;
	if (nr <= KEPT_SECTIONS)
		return 1;
	qsort(totals, nr, sizeof(*totals), compare_totals);
	snap->slices.left_out = nr - KEPT_SECTIONS;
	return totals[KEPT_SECTIONS - 1];
}

/* A last slice that would be shorter than half of the others becomes a part of the one before. */
static size_t marks_before(const struct time_slices *slices, __u64 end_ns)
{
	size_t nr = slices->marks.nr;

	while (nr && slices->marks.at_ns[nr - 1] + slices->width_ns / 2 > end_ns)
		nr--;
	return nr;
}

/* Gives marks to the sections that are kept, also to those whose first call came after the last mark. */
static int keep_sections(struct snapshot *snap)
{
	__u64 least = least_total(snap);
	size_t i;

	for (i = 0; i < snap->nr_sections; i++) {
		struct snapshot_section *s = snap->sections[i];

		if (!has_exact_time(s) || s->stat.total_ns < least)
			continue;
		s->marks = calloc(1, sizeof(*s->marks));
		if (!s->marks)
			return fail(-ENOMEM, "out of memory");
	}
	return 0;
}

/* Behind the marks, the figures of the whole window. */
static int add_ends(struct snapshot *snap)
{
	int series, err = 0;
	size_t i;

	for (i = 0; i < snap->nr_sections; i++) {
		struct snapshot_section *s = snap->sections[i];

		for (series = 0; s->marks && series < SLICE_SERIES && !err; series++) {
			__u64 end = series_value(&s->stat, &s->ledger, series), **values = &s->marks->series[series];

			if (end && !*values)
				*values = calloc(snap->slices.nr + 1, sizeof(**values));
			if (*values)
				(*values)[snap->slices.nr] = end;
			else if (end)
				err = fail(-ENOMEM, "out of memory");
		}
	}
	return err;
}

int time_slices_add(const struct time_slices *slices, struct snapshot *snap, const __u16 *section_index)
{
	size_t id;
	int err;

	if (!slices->width_ns)
		return 0;
	snap->slices = slices->marks;
	snap->slices.width_ns = slices->width_ns;
	snap->slices.nr = marks_before(slices, snap->end_ns);
	snap->slices.left_out = 0;
	err = keep_sections(snap);
	for (id = SECTION_OTHER; id < BPFPROF_SECTIONS && !err; id++) {
		struct snapshot_section *s = section_index[id] < snap->nr_sections ? snap->sections[section_index[id]] : NULL;

		if (s && s->marks && slices->sections[id])
			err = add_marks(s, slices->sections[id], snap);
	}
	return err ? err : add_ends(snap);
}

void time_slices_clear(struct time_slices *slices)
{
	size_t id;

	for (id = 0; id < BPFPROF_SECTIONS; id++)
		snapshot_free_marks(slices->sections[id]);
	*slices = (struct time_slices){0};
}
