// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* window.c - the beginning of the window, the measured interval. */
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/children/process_facts.h"
#include "collect/kernel/stat_maps.h"
#include "collect/overhead/levers.h"
#include "collect/samples/sampler.h"
#include "collect/stats/cpu_neighbours.h"
#include "collect/stats/open_calls.h"
#include "collect/window.h"

#define OPEN_NS 200000	/* from when the beginning is set until it comes */

/* Notes the self times that a thread's open sections have when the window begins. */
static int note_open_sections(void *ctx, __u64 address, const struct dcbs_record *r)
{
	struct session *session = ctx;
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	__u64 start = session->bpf.skel->bss->window.start_ns;

	(void)address;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use)) {
		const struct dcbs_slot *s = &r->slots[i];
		__u64 self = s->self_ns;

		if (i == r->innermost && r->last_ns && r->last_ns < start)
			self += start - r->last_ns;
		if (s->start_ns && s->start_ns < start &&
		    bpf_map_update_elem(bpf_map__fd(session->bpf.skel->maps.begun), &s->start_ns, &self, BPF_ANY))
			session->window.begun_missed++;
	}
	return 0;
}

/* The time that open sections took before the window, by the measure of another profiler or of the last window, is not in it. */
static void note_all_open_sections(struct session *session)
{
	int begun = bpf_map__fd(session->bpf.skel->maps.begun);
	__u64 key;
	size_t i;

	while (!bpf_map_get_next_key(begun, NULL, &key) && !bpf_map_delete_elem(begun, &key))
		;
	session->window.begun_missed = 0;
	for (i = 0; i < session->targets.nr; i++)
		target_each_record(&session->targets.list[i], note_open_sections, session);
}

/*
 * The new window begins a moment from now. Until then ticks and switches read the records of the old window that the threads
 * still hold, and all of these are discarded.
 */
void window_restart(struct session *session)
{
	__u64 start = clock_now_ns() + RINGS_READ_US * 2000ULL;

	session->bpf.skel->bss->window.start_ns = start;
	usleep(RINGS_READ_US);
	stat_maps_clear(&session->bpf);
	open_calls_clear(&session->bpf);
	cpu_neighbours_clear(&session->bpf);
	growth_trend_clear(&session->growth);
	levers_clear(session);
	sampler_clear(session->sampler);
	process_facts_clear(session);
	while (clock_now_ns() < start)
		usleep(RINGS_READ_US / 10);
	session->window.started_at = clock_unix_s(start);
	note_all_open_sections(session);
}

/*
 * The beginning has to be in the future when it is stored. Otherwise a record that a thread flushed between the two moments
 * would be in the window without being read. If the profiler was descheduled in between, it starts over.
 */
void window_open(struct session *session)
{
	__u64 start = clock_now_ns() + OPEN_NS;

	session->bpf.skel->bss->window.start_ns = start;
	if (clock_now_ns() >= start) {
		window_restart(session);
		return;
	}
	session->window.started_at = clock_unix_s(start);
	while (clock_now_ns() < start)
		;
	note_all_open_sections(session);
}
