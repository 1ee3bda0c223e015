// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* target_list.c - the targets of a session together. */
#include <math.h>

#include "collect/notes.h"
#include "collect/target/target.h"

const struct target *target_list_find_const(const struct target_list *targets, pid_t pid)
{
	size_t i;

	for (i = 0; i < targets->nr; i++)
		if (targets->list[i].pid == pid)
			return &targets->list[i];
	return NULL;
}

struct target *target_list_find(struct target_list *targets, pid_t pid)
{
	const struct target *found = target_list_find_const(targets, pid);

	return found ? &targets->list[found - targets->list] : NULL;
}

struct target *target_list_find_tgid(struct target_list *targets, __u32 tgid)
{
	size_t i;

	for (i = 0; i < targets->nr; i++)
		if (targets->list[i].pid && targets->list[i].tgid == tgid)
			return &targets->list[i];
	return NULL;
}

double target_list_faults(const struct target_list *targets, struct fault_counts *counts)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < targets->nr; i++) {
		__u64 now = targets->list[i].pid ? target_faults(&targets->list[i]) : 0, *last = &counts->last[i];

		sum += !now == !*last && now >= *last ? (double)(now - *last) : NAN;
		*last = now;
	}
	return sum;
}

bool target_list_lacks_markers(const struct target_list *targets)
{
	size_t i;

	for (i = 0; i < targets->nr; i++) {
		const struct target *target = &targets->list[i];

		if (target->pid && !target->ended && !target->state && !target->parent)
			return true;
	}
	return false;
}

void target_list_note_unmarked(const struct target_list *targets, struct notes *notes)
{
	size_t i;

	for (i = 0; i < targets->nr; i++) {
		const struct target *target = &targets->list[i];

		if (target->pid && !target->parent && !target->facts.markers)
			notes_add(notes, "process %d (%s) has not loaded the markers: no sections to time; --section "
				  "NAME=BINARY:FUNCTION times native functions without them", target->pid, target->facts.comm);
	}
}
