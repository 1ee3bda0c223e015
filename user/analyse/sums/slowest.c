// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* slowest.c - see slowest.h. */
#include <errno.h>
#include <stdlib.h>

#include "analyse/sums/ledger.h"
#include "analyse/sums/slowest.h"
#include "base/clock.h"
#include "base/sanitize.h"

#define NAME_BYTES 512

static int copy_frames(struct dcbs_slow_call *to, const struct snapshot_stack *stack, const struct snapshot *snap)
{
	__u32 i;

	to->frames = calloc(stack->nr_frames + 1, sizeof(*to->frames));
	if (!to->frames)
		return -ENOMEM;
	for (i = stack->nr_frames; i-- > 0;) {
		const char *name = snap->frames[stack->frames[i]].function;

		to->frames[to->nr_frames] = sanitize(name && name[0] ? name : "(unknown)", NAME_BYTES);
		if (!to->frames[to->nr_frames++])
			return -ENOMEM;
	}
	return 0;
}

static int copy_call(struct dcbs_slow_call *to, const struct snapshot_slow_call *from, const struct snapshot *snap)
{
	const struct slow_call *call = &from->call;
	__u64 start = call->end_ns - call->ns;

	*to = (struct dcbs_slow_call) {
		.at_s = start > snap->start_ns ? (start - snap->start_ns) * S_PER_NS : 0, .duration_s = call->ns * S_PER_NS,
		.pid = (pid_t)call->pid, .tid = (pid_t)call->tid, .items = call->items, .flow = call->flags & DCBS_IN_FLOW,
	};
	ledger_wall(&to->wall, snap->wall_known && call->causes_known ? call->off_ns : NULL, 0, (double)call->ns);
	return from->stack && from->stack <= snap->nr_stacks ? copy_frames(to, &snap->stacks[from->stack - 1], snap) : 0;
}

int slowest_fill(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap)
{
	size_t i;
	int err = 0;

	to->slowest = calloc(facts->nr_slow + 1, sizeof(*to->slowest));
	if (!to->slowest)
		return -ENOMEM;
	for (i = 0; i < facts->nr_slow && !err; i++)
		err = copy_call(&to->slowest[to->nr_slowest++], &facts->slow[i], snap);
	return err;
}

void slowest_free(struct dcbs_report *r)
{
	size_t i, k, n;

	for (i = 0; i < r->nr_sections; i++) {
		for (k = 0; k < r->sections[i].nr_slowest; k++) {
			for (n = 0; n < r->sections[i].slowest[k].nr_frames; n++)
				free(r->sections[i].slowest[k].frames[n]);
			free(r->sections[i].slowest[k].frames);
		}
		free(r->sections[i].slowest);
	}
}
