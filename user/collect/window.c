// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* window.c - where the time begins that is ours, and what was open then. */
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/overhead/gaps.h"
#include "collect/samples/sampler.h"
#include "collect/children/process_facts.h"
#include "collect/window.h"

#define OPEN_NS 200000	/* from when the window is set until it begins */

/* Of a thread's open sections: their self times as they were when the window began. */
static int note_begun(void *ctx, __u64 address, const struct dcbs_record *r)
{
	struct session *session = ctx;
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	__u64 start = session->skel->bss->window.start_ns;

	(void)address;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use)) {
		const struct dcbs_slot *s = &r->slots[i];
		__u64 self = s->self_ns;

		if (i == r->innermost && r->last_ns && r->last_ns < start)
			self += start - r->last_ns;
		if (s->start_ns && s->start_ns < start &&
		    bpf_map_update_elem(bpf_map__fd(session->skel->maps.begun), &s->start_ns, &self, BPF_ANY))
			session->begun_missed++;
	}
	return 0;
}

/* What was timed before the window, by other profilers or by us, is not in it. */
static void note_all_begun(struct session *session)
{
	int begun = bpf_map__fd(session->skel->maps.begun);
	__u64 key;
	size_t i;

	while (!bpf_map_get_next_key(begun, NULL, &key) && !bpf_map_delete_elem(begun, &key))
		;
	session->begun_missed = 0;
	for (i = 0; i < session->nr_targets; i++)
		target_each_record(&session->targets[i], note_begun, session);
}

/*
 * The window begins anew a moment from now. Until then what the threads still hold of the old one is
 * carried off by ticks and switches, and then thrown away with the rest.
 */
void session_clear(struct session *session)
{
	__u64 start = clock_now_ns() + DRAIN_US * 2000ULL;

	session->skel->bss->window.start_ns = start;
	usleep(DRAIN_US);
	stat_maps_clear(session);
	gaps_clear(session);
	sampler_clear(session->sampler);
	shares_clear(session);
	while (clock_now_ns() < start)
		usleep(DRAIN_US / 10);
	session->started_at = clock_unix_s(start);
	note_all_begun(session);
}

/*
 * The beginning is to come when it is set: what a thread handed over between the two would be looked at by nobody, and be
 * ours. Who was kept from the CPU meanwhile begins anew.
 */
void window_open(struct session *session)
{
	__u64 start = clock_now_ns() + OPEN_NS;

	session->skel->bss->window.start_ns = start;
	if (clock_now_ns() >= start) {
		session_clear(session);
		return;
	}
	session->started_at = clock_unix_s(start);
	while (clock_now_ns() < start)
		;
	note_all_begun(session);
}
