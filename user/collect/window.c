// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* window.c - the beginning of the window, the measured interval. */
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/answers.h"
#include "collect/children/process_facts.h"
#include "collect/gpu/gpu_figures.h"
#include "collect/stats/flow_slots.h"
#include "collect/kernel/stat_maps.h"
#include "collect/overhead/levers.h"
#include "collect/samples/sampler.h"
#include "collect/stats/cpu_neighbours.h"
#include "collect/stats/loop_figures.h"
#include "collect/stats/open_calls.h"
#include "collect/window.h"

#define OPEN_NS 200000	/* from when the beginning is set until it comes */

struct noting {
	struct session *session;
	const struct target *target;
	unsigned int chunks_left;
};

/* last_ns: time up to which the self time of the section counts; 0: it is not the innermost one, or that is not known. */
static void note_open_section(struct session *session, const struct dcbs_slot *s, __u64 last_ns)
{
	__u64 start = session->bpf.skel->bss->window.start_ns, self = s->self_ns;

	if (last_ns && last_ns < start)
		self += start - last_ns;
	if (s->start_ns && s->start_ns < start &&
	    bpf_map_update_elem(bpf_map__fd(session->bpf.skel->maps.begun), &s->start_ns, &self, BPF_ANY))
		session->window.begun_missed++;
}

static void note_flow_slot(void *ctx, const struct dcbs_flow_slot *s)
{
	note_open_section(ctx, &s->slot, s->since_ns == DCBS_COVERED ? 0 : s->since_ns);
}

/* Notes the self times that a thread's open sections have when the window begins. */
static int note_open_sections(void *ctx, __u64 address, const struct dcbs_record *r)
{
	struct noting *noting = ctx;
	unsigned int i = r->innermost, left = DCBS_SLOTS;

	(void)address;
	noting->session->window.disordered += r->disordered;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		note_open_section(noting->session, &r->slots[i], i == r->innermost ? r->last_ns : 0);
	if (!flow_slots_each(noting->target, r, &noting->chunks_left, note_flow_slot, noting->session))
		noting->session->window.begun_missed++;
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
	session->window.begun_missed = session->window.disordered = 0;
	for (i = 0; i < session->targets.nr; i++) {
		struct noting noting = {session, &session->targets.list[i], FLOW_CHUNKS_READ};

		target_each_record(noting.target, note_open_sections, &noting);
	}
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
	loop_figures_clear(&session->bpf);
	growth_trend_clear(&session->growth);
	in_flight_clear(&session->in_flight);
	time_slices_clear(&session->slices);
	awaiting_clear(&session->awaiting);
	levers_clear(session);
	answers_clear(session);
	gpu_figures_clear(&session->gpu_probes, &session->bpf);
	gpu_census_clear(&session->gpu_census);
	sampler_clear(session->sampler);
	slow_calls_clear(&session->slow_calls, &session->bpf);
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
