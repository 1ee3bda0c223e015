// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* call_levers.c - what is reduced of the functions of --section. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collect/overhead/call_levers.h"
#include "collect/overhead/reductions.h"
#include "collect/samples/sampler.h"

#define ENTRIES_LOOKS 4		/* looks with the entries over budget until they are given up */

static struct timed_periods *begin_timed_periods(const struct function_probes *probes)
{
	__u32 *section_ids = calloc(probes->nr ? probes->nr : 1, sizeof(*section_ids));
	struct timed_periods *periods;
	size_t i;

	if (!section_ids)
		return NULL;
	for (i = 0; i < probes->nr; i++)
		section_ids[i] = probes->list[i].section_id;
	periods = timed_periods_new(section_ids, probes->nr);
	free(section_ids);
	return periods;
}

static double most_sampled_ns(const void *session, __u32 section_id)
{
	const struct session *s = session;

	return s->sampler ? sampler_most_ns(s->sampler, (__u16)section_id, s->opts.frequency_hz) : INFINITY;
}

/* Until now all calls were timed. */
static void note_timed_shares(struct session *session)
{
	function_probes_note_shares(&session->probes, &session->bpf, (double)(clock_now_ns() - session->overhead.start_ns),
				    most_sampled_ns, session);
}

static void reduce_calls(struct session *session)
{
	struct overhead *o = &session->overhead;

	note_timed_shares(session);
	o->timed_periods = begin_timed_periods(&session->probes);
	function_probes_mark(&session->probes, &session->bpf, SAMPLED_IN_PERIODS);
	reductions_report(session, LEVER_CALLS, "functions of --section are timed in on-periods: their number of calls is exact, their "
			 "times are estimates");
	duty_cycle_start_off(&o->duties[DUTY_CALLS], o->call_credit.rate, o->governor.budget * DUTY_SHARE);
	run_clock_repeat(&session->run_clock);
}

/* A probe that makes a function several times slower cannot tell how long it takes. Samples can, without slowing it. */
static void count_calls(struct session *session)
{
	note_timed_shares(session);
	function_probes_off(&session->probes, &session->bpf);
	session->probes.counted = true;
	run_clock_repeat(&session->run_clock);
	function_probes_mark(&session->probes, &session->bpf, SAMPLED);
	reductions_report(session, LEVER_CALLS, session->sampler ?
			 "functions of --section are too short to be timed by probes: their number of calls is exact, their times are "
			 "estimates from samples of the stack" :
			 "functions of --section are too short to be timed by probes: their number of calls is exact, their times are "
			 "unknown; with --frequency they could be estimated");
}

static void give_up_calls(struct session *session)
{
	function_probes_give_up(&session->probes, &session->bpf);
	function_probes_mark(&session->probes, &session->bpf, SAMPLED);
	session->overhead.duties[DUTY_CALLS].next_ns = 0;
	reductions_report(session, LEVER_CALLS, session->sampler ?
			 "functions of --section are called too often to be probed: their times are estimates from samples of the stack, "
			 "their number of calls is unknown" :
			 "functions of --section are called too often to be probed: their number of calls and their times are unknown; with "
			 "--frequency their times could be estimated");
}

/* The entries cannot be reduced: they stay within the budget, or all probes are taken away. */
void call_levers_check_entries(struct session *session, double elapsed_ns)
{
	struct overhead *o = &session->overhead;
	bool reduced = session->probes.counted || duty_cycle_is_started(&o->duties[DUTY_CALLS]);

	if (session->probes.given_up || !reduced || session->run_clock.on)
		return;
	o->entries_over = o->meter.entries_ns > o->governor.budget * elapsed_ns ? o->entries_over + 1 : 0;
	if (o->entries_over < ENTRIES_LOOKS)
		return;
	o->governor.share[LEVER_CALLS] = o->meter.entries_ns / elapsed_ns;
	give_up_calls(session);
}

static bool calls_can_be_timed(const struct session *session)
{
	return uprobe_has_links() && function_probes_calls_are_long(&session->probes, &session->bpf, &session->costs);
}

bool call_levers_can_turn_down(const struct session *session)
{
	return session->probes.nr && !session->probes.given_up && !session->probes.counted &&
	       !duty_cycle_is_started(&session->overhead.duties[DUTY_CALLS]);
}

bool call_levers_are_over(struct session *session)
{
	struct overhead *o = &session->overhead;
	__u64 now = clock_now_ns();
	double spent_ns;

	if (!call_levers_can_turn_down(session) || isinf(o->governor.budget)) {
		o->call_credit.next_ns = 0;
		return false;
	}
	if (now < o->call_credit.next_ns)
		return false;
	spent_ns = cost_meter_calls_ns(&o->meter, &session->bpf, &session->costs, function_probes_entries_are_stepped(&session->probes),
				       function_probes_ends_are_stepped(&session->probes));
	if (o->call_credit.next_ns)
		return credit_look(&o->call_credit, o->governor.budget, spent_ns, now);
	credit_begin(&o->call_credit, o->governor.budget, spent_ns, now);
	return false;
}

void call_levers_turn_down(struct session *session)
{
	session->overhead.governor.share[LEVER_CALLS] = session->overhead.call_credit.rate;
	if (calls_can_be_timed(session))
		reduce_calls(session);
	else
		count_calls(session);
}
