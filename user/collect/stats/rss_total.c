// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* rss_total.c - RSS of all targets together, by /proc. */
#include "base/clock.h"
#include "collect/stats/rss_total.h"

void rss_total_init(struct rss_total *rss)
{
	*rss = (struct rss_total){DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, 0};
}

/* The BPF programs stored the RSS of a target when its last thread ended. */
static void rss_at_end(const struct process *process, __s64 *now_bytes, __s64 *peak_bytes)
{
	if (!process->rss_bytes)
		return;
	*now_bytes = (__s64)process->rss_bytes;
	*peak_bytes = (__s64)process->rss_peak_bytes;
}

/* The peaks of children were not at one time. So their present RSS counts, and the largest sum over all targets is kept. */
void rss_total_read(struct session *session)
{
	__s64 now = 0, peak = 0, one, one_peak;
	struct rss_total *rss = &session->rss;
	bool known = false;
	size_t i;

	rss->read_ns = clock_now_ns();
	for (i = 0; i < session->targets.nr; i++) {
		const struct target *target = &session->targets.list[i];

		if (!target->pid)
			continue;
		target_rss(target, &one, &one_peak);
		if (one == DCBS_UNKNOWN && !target->parent)
			rss_at_end(&session->bpf.processes[target->index], &one, &one_peak);
		if (one == DCBS_UNKNOWN)
			continue;
		known = true;
		now += one;
		peak += target->parent ? one : one_peak;
	}
	if (!known)
		return;
	rss->end_bytes = now;
	rss->peak_bytes = session->children && rss->peak_bytes > peak ? rss->peak_bytes : peak;
}
