// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* facts.c - the sections of a snapshot by name, and the release of a snapshot. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collect/facts.h"

void snapshot_free_marks(struct slice_marks *marks)
{
	int series;

	for (series = 0; marks && series < SLICE_SERIES; series++)
		free(marks->series[series]);
	free(marks);
}

void snapshot_free_frame(struct snapshot_frame *frame)
{
	free(frame->function);
	free(frame->file);
}

void snapshot_free(struct snapshot *snap)
{
	size_t i;

	if (!snap)
		return;
	for (i = 0; i < snap->nr_sections; i++) {
		free(snap->sections[i]->timed);
		free(snap->sections[i]->slow);
		snapshot_free_marks(snap->sections[i]->marks);
		free(snap->sections[i]);
	}
	for (i = 0; i < snap->nr_notes; i++)
		free(snap->notes[i]);
	free(snap->sections);
	free(snap->threads);
	free(snap->neighbours);
	free(snap->event_loops);
	for (i = 0; i < snap->nr_awaiting; i++) {
		snapshot_free_frame(&snap->awaiting[i].at);
		snapshot_free_frame(&snap->awaiting[i].inner);
	}
	free(snap->awaiting);
	free(snap->sampled_parts);
	for (i = 0; i < snap->nr_frames; i++)
		snapshot_free_frame(&snap->frames[i]);
	for (i = 0; i < snap->nr_stacks; i++)
		free(snap->stacks[i].frames);
	free(snap->frames);
	free(snap->stacks);
	for (i = 0; i < snap->nr_targets; i++)
		free(snap->targets[i].command);
	free(snap->notes);
	for (i = 0; i < snap->nr_reduced; i++)
		free(snap->reduced[i]);
	free(snap->reduced);
	free(snap->targets);
	free(snap->parts);
	free(snap);
}

/* ---- sections ---- */

struct snapshot_section *snapshot_add_section(struct snapshot *snap, const struct section_name *name)
{
	struct snapshot_section *section = calloc(1, sizeof(*section));

	assert(snap->nr_sections < BPFPROF_SECTIONS);
	if (!section)
		return NULL;
	memcpy(section->name, name->text, sizeof(section->name));
	section->name[sizeof(section->name) - 1] = 0;
	section->kind = name->kind;
	snap->sections[snap->nr_sections++] = section;
	return section;
}

struct snapshot_section *snapshot_find_section(struct snapshot *snap, const struct section_name *name)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (snap->sections[i]->kind == name->kind && !strcmp(snap->sections[i]->name, name->text))
			return snap->sections[i];
	return NULL;
}

struct snapshot_section *snapshot_get_section(struct snapshot *snap, const struct section_name *name)
{
	struct snapshot_section *section = snapshot_find_section(snap, name);

	if (section)
		return section;
	return snap->nr_sections < BPFPROF_SECTIONS ? snapshot_add_section(snap, name) : NULL;
}

__u16 snapshot_section_index(const struct snapshot *snap, const struct snapshot_section *section)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (snap->sections[i] == section)
			return (__u16)i;
	return SNAPSHOT_OUTSIDE;
}
