// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* wait_cuts.c - waits that were charged to a section, and were outside of it. */
#include <math.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/sums/wait_cuts.h"

#define SHORT_CALL_NS 10000.0

static void cut_waits(__u64 *off_ns, double most_ns)
{
	double share = most_ns / ledger_off_ns(off_ns);
	int i;

	for (i = 0; i < CAUSES && share < 1; i++)
		off_ns[i] = (__u64)((double)off_ns[i] * share);
}

/*
 * A call's marks in its record and its two clock reads are some nanoseconds apart. A thread that is switched out in between waits within
 * the section for the kernel, and outside of it for the clock. That matters where calls are short.
 */
static bool has_short_calls(const struct section_stat *stat)
{
	return stat->count && (double)stat->sum_ns < SHORT_CALL_NS * (double)stat->count;
}

static void cut_section(struct snapshot_section *s, bool keep_cut)
{
	__u64 before[CAUSES];
	int c;

	memcpy(before, s->ledger.self_off_ns, sizeof(before));
	cut_waits(s->ledger.off_ns, (double)s->stat.total_ns);
	cut_waits(s->ledger.self_off_ns, (double)s->stat.self_ns);
	for (c = 0; c < CAUSES && keep_cut; c++)
		s->cut_off_ns[c] = before[c] - s->ledger.self_off_ns[c];
}

/* The waits that were cut from all sections, by cause, and those of them that belong to the section around. */
struct cut {
	double ns[CAUSES], kept_ns[CAUSES];
};

/* Running time of the section itself that is more than that with inner sections: inner sections waited for it. */
static double missing_waits_ns(const struct snapshot_section *s)
{
	double await_ns, self_ns = ledger_cpu_ns(s, true, &await_ns);

	return s->stat.flow_total_ns ? 0 : self_ns - fmax(ledger_cpu_ns(s, false, &await_ns), 0);
}

static void return_waits(struct snapshot_section *s, struct cut *cut)
{
	double missing_ns = missing_waits_ns(s), inner_ns[CAUSES], all_ns = 0, ns;
	int c;

	if (missing_ns <= 0)
		return;
	for (c = 0; c < CAUSES; c++) {
		ns = (double)s->ledger.off_ns[c] - (double)s->ledger.self_off_ns[c];
		inner_ns[c] = fmax(fmin(ns, cut->ns[c] - cut->kept_ns[c]), 0);
		all_ns += inner_ns[c];
	}
	for (c = 0; c < CAUSES && all_ns; c++) {
		ns = floor(inner_ns[c] * fmin(missing_ns / all_ns, 1));
		s->ledger.self_off_ns[c] += (__u64)ns;
		cut->kept_ns[c] += ns;
	}
}

static void cut_sections(struct snapshot_section **sections, size_t nr, bool scaled, struct cut *cut)
{
	struct snapshot_section *s;
	bool outside;
	size_t i;
	int c;

	for (i = 0; i < nr; i++) {
		s = sections[i];
		outside = s->unreturned || has_short_calls(&s->stat);
		if (scaled || outside)
			cut_section(s, outside);
		for (c = 0; c < CAUSES; c++)
			cut->ns[c] += (double)s->cut_off_ns[c];
	}
}

void cut_wait_estimates(struct snapshot_section **sections, const struct snapshot *snap)
{
	struct cut cut = {{0}, {0}};
	size_t i;
	int c;

	cut_sections(sections, snap->nr_sections, snap->wait_scale > 0 && snap->wait_scale != 1, &cut);
	for (i = 0; i < snap->nr_sections; i++)
		return_waits(sections[i], &cut);
	for (i = 0; i < snap->nr_sections; i++)
		for (c = 0; c < CAUSES; c++)
			if (cut.kept_ns[c] > 0)
				sections[i]->cut_off_ns[c] = (__u64)((double)sections[i]->cut_off_ns[c] * (1 - cut.kept_ns[c] / cut.ns[c]));
}
