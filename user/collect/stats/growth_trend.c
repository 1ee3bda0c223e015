// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* growth_trend.c - see growth_trend.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/kernel/stat_maps.h"
#include "collect/stats/growth_trend.h"

#define FIRST_EVERY_NS 50000000ULL

static __s64 grown_bytes(const struct programs *bpf, size_t id)
{
	const struct memory_sum *m = &bpf->ledgers[id].self_memory;

	return m->anon + m->file + m->shmem;
}

/* Keeps every second mark. */
static void thin_out(struct growth_trend *trend)
{
	size_t i;

	for (i = 0; 2 * i + 1 < trend->nr; i++) {
		trend->at_ns[i] = trend->at_ns[2 * i + 1];
		memcpy(trend->bytes[i], trend->bytes[2 * i + 1], sizeof(trend->bytes[i]));
	}
	trend->nr = i;
	trend->every_ns *= 2;
}

static void add_mark(struct growth_trend *trend, const struct programs *bpf, __u64 now)
{
	size_t id, used = stat_maps_used(bpf), mapped = bpf->ledgers_map.mapped / sizeof(struct section_ledger);

	if (!trend->bytes)
		trend->bytes = calloc(GROWTH_MARKS, sizeof(*trend->bytes));
	if (!trend->bytes)
		return;
	if (trend->nr == GROWTH_MARKS)
		thin_out(trend);
	for (id = 0; id < used && id < mapped; id++)
		trend->bytes[trend->nr][id] = grown_bytes(bpf, id);
	for (; id < BPFPROF_SECTIONS; id++)
		trend->bytes[trend->nr][id] = 0;
	trend->at_ns[trend->nr++] = now;
	trend->due_ns = now + trend->every_ns;
}

/* Events may have come just before the targets began to end, so the memory of the look before them is kept. */
static void look_for_events(struct growth_trend *trend, const struct programs *bpf, __u64 now)
{
	const struct counters *c = &bpf->skel->bss->counters;
	__u64 events = c->events + c->calls;

	if (events != trend->events) {
		trend->busy_ns = now;
		trend->busy_outside_bytes = trend->outside_bytes;
	}
	trend->events = events;
	trend->outside_bytes = grown_bytes(bpf, SECTION_OUTSIDE);
}

void growth_trend_look(struct growth_trend *trend, const struct programs *bpf)
{
	__u64 now = clock_now_ns();

	if (!bpf->skel->bss->window.start_ns || now < bpf->skel->bss->window.start_ns)
		return;
	look_for_events(trend, bpf, now);
	if (!trend->every_ns)
		trend->every_ns = FIRST_EVERY_NS;
	if (now >= trend->due_ns)
		add_mark(trend, bpf, now);
}

/* Returns the mark nearest to the middle of the time in which events came. There is one. */
static size_t middle_mark(const struct growth_trend *trend, __u64 start_ns)
{
	__u64 middle = start_ns + (trend->busy_ns - start_ns) / 2;
	size_t i = 0;

	while (i + 1 < trend->nr && trend->at_ns[i + 1] <= middle)
		i++;
	return i;
}

static __s64 released_at_exit(const struct growth_trend *trend, const struct programs *bpf)
{
	__s64 after = grown_bytes(bpf, SECTION_OUTSIDE) - trend->busy_outside_bytes;

	return trend->events && after < 0 ? -after : 0;
}

void growth_trend_add(const struct growth_trend *trend, const struct programs *bpf, bool exited, struct snapshot *snap,
		      const __u16 *section_index)
{
	size_t id, used = stat_maps_used(bpf), mark;
	__u64 start = snap->start_ns;

	snap->exit_release_bytes = exited ? released_at_exit(trend, bpf) : 0;
	if (!trend->nr || trend->busy_ns <= start)
		return;
	mark = middle_mark(trend, start);
	if (trend->at_ns[mark] >= trend->busy_ns)
		return;
	snap->late_part = (double)(trend->busy_ns - trend->at_ns[mark]) / (double)(trend->busy_ns - start);
	for (id = SECTION_OTHER; id < used; id++)
		if (section_index[id] < snap->nr_sections)
			snap->sections[section_index[id]]->late_growth_bytes += grown_bytes(bpf, id) - trend->bytes[mark][id];
}

void growth_trend_clear(struct growth_trend *trend)
{
	free(trend->bytes);
	*trend = (struct growth_trend){0};
}
