// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* process_sums.c - RSS of processes, from the map `process_sums`. */
#include "collect/stats/process_sums.h"

static void add_rss_kinds(__s64 *to, const __s64 *kinds, int sign)
{
	int i;

	for (i = 0; i < RSS_KINDS; i++)
		to[i] += sign * kinds[i];
}

void process_sums_add_rss(const struct programs *bpf, const struct target *target, const struct process_sum *sum, bool gone,
			  struct process_rss *rss)
{
	bool born = target->born_ns > bpf->skel->bss->window.start_ns;

	if (!sum->mm)
		return;
	add_rss_kinds(born ? rss->others : rss->start, sum->rss_start, 1);
	if (gone)
		add_rss_kinds(rss->others, sum->rss_now, -1);
	else
		add_rss_kinds(rss->end, sum->rss_now, 1);
	add_rss_kinds(rss->others, sum->others, 1);
}
