// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_memory.c - see gpu_memory.h. */
#include <math.h>

#include "analyse/gpu_memory.h"
#include "analyse/sums/summary.h"
#include "base/human.h"

/* Memory that is kept from call to call: an allocator takes it in large pieces, so not each call takes one. */
#define LEAK_BYTES (1 << 20)
#define LEAK_CALLS 10
#define LEAK_PIECES 8
#define LATE_SHARE 0.25		/* of what is kept, taken in the second half of the window; weights and caches are taken early */

static const struct dcbs_gpu_memory unknown = {
	DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN,
	NAN,
};

/* Pieces that are not followed may have been given back or not. */
static void fill_sum(struct dcbs_gpu_memory *to, const struct gpu_memory_sum *sum)
{
	to->alloc_bytes = summary_count(sum->taken_bytes);
	to->allocs = summary_count(sum->taken);
	to->allocs_failed = summary_count(sum->failed);
	if (sum->unfollowed)
		return;
	to->live_bytes = summary_count(sum->live_bytes);
	to->peak_bytes = summary_count(sum->peak_bytes);
	to->free_bytes = summary_count(sum->given_bytes);
}

/* A function of --section has none of its own: its calls may be probed part of the time. */
static const struct snapshot_gpu_memory *memory_of_section(const struct snapshot *snap, __u16 section)
{
	const struct snapshot_section *facts = section < snap->nr_sections ? snap->sections[section] : NULL;

	if (!snap->gpu_memory_known || snap->counters.gpu_memory_unplaced)
		return NULL;
	if (!facts)
		return &snap->outside_gpu_memory;
	return facts->function[0] || facts->stat.sampled ? NULL : &facts->gpu_memory;
}

void gpu_memory_fill(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	const struct snapshot_gpu_memory *memory = memory_of_section(snap, section);

	to->gpu_memory = unknown;
	if (!memory)
		return;
	fill_sum(&to->gpu_memory, &memory->sum);
	if (memory->sum.unfollowed)
		return;
	if (to->count > 0)
		to->gpu_memory.growth_per_call_bytes = (double)to->gpu_memory.live_bytes / (double)to->count;
	to->gpu_memory.self_live_allocs = summary_count(memory->self_pieces);
	to->gpu_memory.self_live_bytes = summary_count(memory->self_bytes);
	to->gpu_memory.self_late_bytes = summary_count(memory->self_late_bytes);
}

void gpu_memory_fill_report(struct dcbs_report *to, const struct snapshot *snap)
{
	to->gpu_memory = unknown;
	to->gpu_frees_unknown = to->gpu_allocs_unfollowed = DCBS_UNKNOWN;
	if (!snap->gpu_memory_known)
		return;
	fill_sum(&to->gpu_memory, &snap->gpu_memory);
	to->gpu_frees_unknown = summary_count(snap->gpu_memory.given_unknown);
	to->gpu_allocs_unfollowed = summary_count(snap->gpu_memory.unfollowed);
}

/* ---- leaks ---- */

bool gpu_memory_is_leak(const struct subject *s)
{
	const struct dcbs_gpu_memory *m = &s->section->gpu_memory;

	return s->section->count >= LEAK_CALLS && m->self_live_allocs >= LEAK_PIECES && m->self_live_bytes >= LEAK_BYTES &&
	       (double)m->self_late_bytes >= LATE_SHARE * (double)m->self_live_bytes;
}

void gpu_memory_leak_evidence(FILE *to, const struct subject *s, const struct rule *rule)
{
	const struct dcbs_section *c = s->section;

	(void)rule;
	fprintf(to, " by %s for each call: %s of %s calls are kept, %s of it from the second half of the window",
		human_size((double)c->gpu_memory.self_live_bytes / (double)c->count).text,
		human_size((double)c->gpu_memory.self_live_bytes).text, human_exact(c->count).text,
		human_size((double)c->gpu_memory.self_late_bytes).text);
	if (c->gpu_memory.allocs_failed > 0)
		fprintf(to, "; %s calls for memory failed", human_exact(c->gpu_memory.allocs_failed).text);
}
