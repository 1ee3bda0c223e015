// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled_parts.c - see sampled_parts.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/samples/sampled_parts.h"

#define PARTS_MOST 4096

static struct snapshot_sampled_part *get_sampled_part(struct sampled_parts *parts, pid_t pid, __u16 section_id)
{
	size_t i;

	for (i = parts->nr; i-- > 0;)
		if (parts->list[i].pid == pid && parts->list[i].section_id == section_id)
			return &parts->list[i];
	if (parts->nr == PARTS_MOST || !array_reserve(parts->list, parts->nr, parts->room, 1))
		return NULL;
	parts->list[parts->nr] = (struct snapshot_sampled_part){.pid = pid, .section_id = section_id};
	return &parts->list[parts->nr++];
}

void sampled_parts_count(struct sampled_parts *parts, pid_t pid, __u16 section_id, bool innermost, const struct sample *sample)
{
	struct snapshot_sampled_part *part = get_sampled_part(parts, pid, section_id);

	if (!part)
		return;
	if (sample->kind == SAMPLE_CPU) {
		part->ticks += sample->weight;
		part->self_ticks += innermost ? sample->weight : 0;
		return;
	}
	part->waits += sample->weight;
	part->off_ns += sample->off_ns;
	part->self_off_ns += innermost ? sample->off_ns : 0;
}

int sampled_parts_copy(const struct sampled_parts *parts, struct snapshot *snap, const __u16 *section_index)
{
	size_t i;

	snap->sampled_parts = calloc(parts->nr + 1, sizeof(*snap->sampled_parts));
	if (!snap->sampled_parts)
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < parts->nr; i++) {
		const struct snapshot_sampled_part *from = &parts->list[i];
		__u16 section = from->section_id < BPFPROF_SECTIONS ? section_index[from->section_id] : SNAPSHOT_OUTSIDE;

		if (section >= snap->nr_sections)
			continue;
		snap->sampled_parts[snap->nr_sampled_parts] = *from;
		snap->sampled_parts[snap->nr_sampled_parts++].section_id = section;
	}
	return 0;
}

double sampled_parts_most_ns(const struct sampled_parts *parts, __u16 section_id, double tick_ns)
{
	double ticks = 0, off_ns = 0;
	size_t i;

	for (i = 0; i < parts->nr; i++) {
		if (parts->list[i].section_id != section_id)
			continue;
		ticks += (double)parts->list[i].ticks;
		off_ns += (double)parts->list[i].off_ns;
	}
	return (ticks + 3 * sqrt(ticks + 1)) * tick_ns + off_ns;
}

void sampled_parts_clear(struct sampled_parts *parts)
{
	free(parts->list);
	*parts = (struct sampled_parts){0};
}
