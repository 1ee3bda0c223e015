// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* run_clock.c - switches the kernel's measurement of the run time of BPF programs on and off. */
#include <math.h>

#include "base/array.h"
#include "base/clock.h"
#include "collect/overhead/run_clock.h"
#include "host/bpf_stats.h"

#define ON_NS 250000000ULL
#define EVERY_NS 10000000000ULL
#define SOON_NS 500000000ULL	/* from one measurement to the next while some program has not been measured ... */
#define SOON_TIMES 6		/* ... and there were fewer measurements than this */

/* Returns true if every program that runs at all has been measured. */
static bool all_measured(const struct programs *bpf)
{
	const struct bpfprof *skel = bpf->skel;
	const struct counters *c = &skel->bss->counters;
	const struct {
		__u64 runs;
		const struct bpf_program *prog;
	} measured[] = {
		{c->flushes, skel->progs.on_flush}, {c->switches, skel->progs.on_switch}, {c->wakeups, skel->progs.on_wakeup},
		{c->wakings, skel->progs.on_waking}, {c->rss_events, skel->progs.on_rss}, {c->ticks, skel->progs.on_tick},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(measured); i++)
		if (measured[i].runs && isnan(bpf_stats_run_ns(measured[i].prog)))
			return false;
	return true;
}

static bool measurement_is_due(const struct run_clock *clock, const struct programs *bpf, __u64 now)
{
	return now >= clock->next_ns ||
	       (clock->times < SOON_TIMES && now - clock->on_ns > SOON_NS && !all_measured(bpf));
}

void run_clock_poll(struct run_clock *clock, const struct programs *bpf)
{
	__u64 now = clock_now_ns();

	if (clock->on && now - clock->on_ns > ON_NS) {
		bpf_stats_switch(false);
		clock->on = false;
	} else if (!clock->on && measurement_is_due(clock, bpf, now)) {
		bpf_stats_switch(true);
		clock->on = true;
		clock->times++;
		clock->on_ns = now;
		clock->next_ns = now + EVERY_NS;
	}
}

void run_clock_repeat(struct run_clock *clock)
{
	clock->next_ns = 0;
}

void run_clock_close(struct run_clock *clock)
{
	if (clock->on)
		bpf_stats_switch(false);
	clock->on = false;
}
