// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* levers.c - carries out the decisions of the governor. */
#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "collect/kernel/stat_maps.h"
#include "collect/overhead/call_levers.h"
#include "collect/overhead/gpu_levers.h"
#include "collect/overhead/levers.h"
#include "collect/overhead/reductions.h"
#include "collect/target/marker_probe.h"

#define EXAMINE_NS 200000000ULL	/* between examinations of the costs */
#define EXAMINE_FIRST_NS 100000000ULL
#define SAMPLE_EVERY_MOST 32
#define TRACE_MOST_NS 200	/* no trace point costs more: a measurement above this is noise */

static const enum lever lever_of[DUTIES] = {[DUTY_WAITS] = LEVER_WAITS, [DUTY_MEMORY] = LEVER_FAULTS, [DUTY_CALLS] = LEVER_CALLS};

/* ---- costs ---- */

/* Adds the cost since the last reading to the duty cycles. Returns the ns since that reading. */
static double settle_costs(struct session *session, double *cost_ns)
{
	struct overhead *o = &session->overhead;
	double elapsed = cost_meter_read(&o->meter, &session->bpf, &session->costs, function_probes_entries_are_stepped(&session->probes),
					 function_probes_ends_are_stepped(&session->probes), session->gpu_probes.stepped, cost_ns);
	int i;

	for (i = 0; i < DUTIES; i++)
		o->duties[i].spent_ns += cost_ns[lever_of[i]];
	return elapsed;
}

static void settle_duty_costs(void *ctx)
{
	double cost_ns[LEVERS];

	settle_costs(ctx, cost_ns);
}

static __u64 thread_visits_ns(const void *ctx)
{
	const struct session *session = ctx;

	return session->lister.cpu_ns;
}

/* ---- waits ---- */

/* The visit charges threads that wait up to now. */
static void disable_waits(void *ctx)
{
	struct session *session = ctx;
	volatile struct throttle *t = &session->bpf.skel->bss->throttle;

	thread_lister_visit(&session->lister, &session->bpf);
	t->waits_off = 1;
	events_detach_waits(&session->events);
}

static void weigh_waits(void *ctx, double weight)
{
	struct session *session = ctx;
	volatile struct throttle *t = &session->bpf.skel->bss->throttle;

	t->wait_weight = (__u32)(0.5 + weight);
}

/* The visit begins the waits of threads that wait already. */
static void enable_waits(void *ctx)
{
	struct session *session = ctx;
	volatile struct throttle *t = &session->bpf.skel->bss->throttle;

	t->wait_generation++;
	t->waits_off = 0;
	events_attach_waits(&session->events, &session->bpf);
	thread_lister_visit(&session->lister, &session->bpf);
}

static void extend_waits(void *ctx)
{
	weigh_waits(ctx, 1);
}

/* ---- faults and changes of RSS ---- */

static struct ledger_array ledgers_in_use(const struct session *session)
{
	return (struct ledger_array){session->bpf.ledgers, stat_maps_used(&session->bpf)};
}

static void begin_memory_on_period(void *ctx)
{
	struct session *session = ctx;
	struct overhead *o = &session->overhead;
	struct ledger_array ledgers = ledgers_in_use(session);

	if (!o->off_periods)
		o->off_periods = off_periods_new();
	if (!o->off_periods || stat_maps_reach(&session->bpf, ledgers.nr))
		return;
	off_periods_enable(o->off_periods, &ledgers, target_list_faults(&session->targets, &o->faults), clock_now_ns());
}

/*
 * Programs that are attached but disabled still cost something: the difference between our own page faults with and without
 * them.
 */
static void detach_memory_measured(struct session *session)
{
	double with = calibrate_page_touch(), ns;

	events_detach_memory(&session->events);
	ns = with - calibrate_page_touch();
	if (ns > 0 && ns < TRACE_MOST_NS)
		session->costs.trace_ns = ns;
	session->costs.trace_known = true;
}

static void disable_memory(void *ctx)
{
	struct session *session = ctx;
	struct overhead *o = &session->overhead;

	if (o->off_periods)
		off_periods_disable(o->off_periods, target_list_faults(&session->targets, &o->faults), clock_now_ns());
	session->bpf.skel->bss->throttle.memory_off = 1;
	if (session->costs.trace_known || session->run_clock.on)
		events_detach_memory(&session->events);
	else
		detach_memory_measured(session);
}

static void enable_memory(void *ctx)
{
	struct session *session = ctx;
	volatile struct throttle *t = &session->bpf.skel->bss->throttle;

	events_attach_memory(&session->events, &session->bpf);
	begin_memory_on_period(session);
	t->memory_generation++;
	t->memory_off = 0;
}

/* ---- functions of --section ---- */

static void enable_calls(void *ctx)
{
	struct session *session = ctx;

	if (session->overhead.timed_periods)
		timed_periods_enable(session->overhead.timed_periods, session->bpf.stats);
	function_probes_on(&session->probes, &session->bpf);
}

static void disable_calls(void *ctx)
{
	struct session *session = ctx;

	function_probes_off(&session->probes, &session->bpf);
	if (session->overhead.timed_periods)
		timed_periods_disable(session->overhead.timed_periods, session->bpf.stats);
}

static const struct duty_cycle_ops duty_ops[DUTIES] = {
	[DUTY_WAITS] = {
		.on_ns = 50000000, .now_ns = clock_now_ns, .settle = settle_duty_costs, .visits_ns = thread_visits_ns,
		.weigh = weigh_waits, .enable = enable_waits, .extend = extend_waits, .disable = disable_waits,
	},
	[DUTY_MEMORY] = {
		.on_ns = 10000000, .now_ns = clock_now_ns, .settle = settle_duty_costs, .visits_ns = thread_visits_ns,
		.enable = enable_memory, .extend = begin_memory_on_period, .disable = disable_memory,
	},
	[DUTY_CALLS] = {
		.on_ns = 50000000, .now_ns = clock_now_ns, .settle = settle_duty_costs, .visits_ns = thread_visits_ns,
		.enable = enable_calls, .disable = disable_calls,
	},
};

/* ---- turning down and up ---- */

/* Returns the new interval of samples for a cost and the share that it may take. */
static __u32 thin_samples_out(__u32 every, double cost, double allowed)
{
	double want = (every > 1 ? every : 1) * fmax(2, ceil(cost / fmax(allowed, 1e-6)));

	return want < SAMPLE_EVERY_MOST ? (__u32)want : SAMPLE_EVERY_MOST;
}

static void reduce_samples(struct session *session, double allowed)
{
	struct throttle *t = &session->bpf.skel->bss->throttle;

	t->sample_every = thin_samples_out(t->sample_every, session->overhead.governor.share[LEVER_SAMPLES], allowed);
	reductions_report(session, LEVER_SAMPLES, "fewer samples of the stack are taken: shares of functions are less exact");
}

static void reduce_faults(struct session *session)
{
	reductions_report(session, LEVER_FAULTS, "page faults are observed in on-periods: their number and the growth of each section are "
			 "estimates, that of all sections is exact, and that of single calls is unknown");
	duty_cycle_start(&session->overhead.duties[DUTY_MEMORY]);
}

static void reduce_waits(struct session *session)
{
	reductions_report(session, LEVER_WAITS, "scheduling of threads is observed in on-periods: why sections wait is an estimate");
	duty_cycle_start(&session->overhead.duties[DUTY_WAITS]);
}

/* The cost of the change itself, and of events meanwhile, is settled at once: it is no measure of the cost from now on. */
static void turn_lever_down(struct session *session, enum lever lever, double allowed)
{
	assert(lever < LEVERS);
	switch (lever) {
	case LEVER_SAMPLES: reduce_samples(session, allowed); break;
	case LEVER_FAULTS: reduce_faults(session); break;
	case LEVER_CALLS: call_levers_turn_down(session); break;
	case LEVER_GPU: gpu_levers_turn_down(session); break;
	case LEVER_WAITS: reduce_waits(session); break;
	default: break;
	}
	settle_duty_costs(session);
}

static void turn_samples_up(struct session *session)
{
	session->bpf.skel->bss->throttle.sample_every /= 2;
}

/* Sections that are flushed because of their age, not because a batch is full, can wait for a switch or a tick. */
static bool flush_seldom(struct session *session)
{
	if (!(session->overhead.meter.flush_events < DCBS_BATCH / 2) || !marker_probe_flush_less(&session->targets, &session->bpf))
		return false;
	reductions_report(session, LEVER_MARKERS, "sections are flushed less often: when their thread waits, after 4 ms, or when there are 512");
	return true;
}

/*
 * An end is final, and the run times are of some earlier moment, at which the machine may have been busy. So the programs are
 * measured once more before it. Returns true if that is to be done first.
 */
static bool remeasure(struct session *session)
{
	struct overhead *o = &session->overhead;

	if (o->remeasured)
		return false;
	o->remeasured = true;
	run_clock_repeat(&session->run_clock);
	governor_markers_reduced(&o->governor);
	return true;
}

/* Returns false if the run is to end. It ends only if --max-overhead was given. */
static bool check_marker_cost(struct session *session)
{
	struct governor *g = &session->overhead.governor;
	bool end = session->opts.end_over_budget;

	switch (governor_check_markers(g)) {
	case GOVERNOR_MARKERS_FIT:
		session->overhead.remeasured &= g->markers_over > 0;
		return true;
	case GOVERNOR_MARKERS_FLUSH_LESS:
		if (flush_seldom(session))
			governor_markers_reduced(g);
		return true;
	case GOVERNOR_MARKERS_OVER:
		break;
	}
	if (end && remeasure(session))
		return true;
	reductions_report(session, LEVER_MARKERS, end ?
			 "the markers, and the ticks that serve them, cost more than --max-overhead, and the run was ended" :
			 "the markers, and the ticks that serve them, cost more than 1 %: sections are counted nevertheless; with "
			 "--max-overhead the run would have ended");
	return !end;
}

static bool examine_costs(struct session *session)
{
	struct overhead *o = &session->overhead;
	const struct throttle *t = &session->bpf.skel->bss->throttle;
	bool in_cycle[LEVERS] = {false}, can[LEVERS];
	double cost_ns[LEVERS], elapsed = settle_costs(session, cost_ns), allowed;
	enum lever lever;
	int i;

	for (i = 0; i < DUTIES; i++)
		in_cycle[lever_of[i]] = duty_cycle_is_started(&o->duties[i]);
	call_levers_check_entries(session, elapsed);
	governor_take(&o->governor, cost_ns, in_cycle, elapsed);
	if (!check_marker_cost(session))
		return false;
	can[LEVER_SAMPLES] = t->sample_every < SAMPLE_EVERY_MOST;
	can[LEVER_FAULTS] = session->events.memory_known && !in_cycle[LEVER_FAULTS];
	can[LEVER_CALLS] = call_levers_can_turn_down(session);
	can[LEVER_GPU] = session->gpu_probes.attached && !gpu_probes_are_left(&session->gpu_probes);
	can[LEVER_WAITS] = session->events.waits[0] && !in_cycle[LEVER_WAITS];
	can[LEVER_MARKERS] = false;
	switch (governor_decide(&o->governor, can, &lever, &allowed)) {
	case GOVERNOR_DOWN: turn_lever_down(session, lever, allowed); break;
	case GOVERNOR_UP: turn_samples_up(session); break;
	case GOVERNOR_STAY: break;
	}
	return true;
}

/* ---- life ---- */

void levers_open(struct session *session)
{
	struct overhead *o = &session->overhead;
	int i;

	governor_init(&o->governor, session->opts.max_overhead_percent);
	cost_meter_init(&o->meter, &session->bpf);
	for (i = 0; i < DUTIES; i++)
		duty_cycle_init(&o->duties[i], &duty_ops[i], session);
	o->start_ns = clock_now_ns();
	o->next_ns = o->start_ns + EXAMINE_FIRST_NS;
}

bool levers_poll(struct session *session)
{
	struct overhead *o = &session->overhead;
	bool go_on;
	int i;

	if (!o->start_ns)
		return true;
	for (i = 0; i < DUTIES; i++)
		duty_cycle_poll(&o->duties[i], o->governor.budget * DUTY_SHARE);
	if (call_levers_are_over(session))
		turn_lever_down(session, LEVER_CALLS, 0);
	if (clock_now_ns() < o->next_ns)
		return true;
	go_on = examine_costs(session);
	o->next_ns = clock_now_ns() + EXAMINE_NS;
	return go_on;
}

__u64 levers_due(const struct session *session)
{
	const struct overhead *o = &session->overhead;
	__u64 due = o->start_ns ? o->next_ns : ~0ULL;
	int i;

	if (o->call_credit.next_ns && o->call_credit.next_ns < due)
		due = o->call_credit.next_ns;
	for (i = 0; i < DUTIES; i++)
		if (o->duties[i].next_ns && o->duties[i].next_ns < due)
			due = o->duties[i].next_ns;
	return due;
}

bool levers_waits_are_estimated(const struct session *session)
{
	return duty_cycle_is_started(&session->overhead.duties[DUTY_WAITS]);
}

void levers_clear(struct session *session)
{
	if (session->overhead.off_periods)
		off_periods_clear(session->overhead.off_periods, clock_now_ns());
	if (session->overhead.timed_periods)
		timed_periods_clear(session->overhead.timed_periods);
}

int levers_add_estimates(const struct session *session, struct snapshot *snap, const __u16 *section_index)
{
	const struct overhead *o = &session->overhead;
	struct fault_counts faults = o->faults;
	struct ledger_array ledgers = ledgers_in_use(session);

	if (o->off_periods)
		off_periods_add(o->off_periods, snap, section_index, &ledgers, target_list_faults(&session->targets, &faults),
				clock_now_ns());
	return o->timed_periods ? timed_periods_add(o->timed_periods, snap, section_index, session->bpf.stats) : 0;
}

void levers_close(struct session *session)
{
	off_periods_free(session->overhead.off_periods);
	timed_periods_free(session->overhead.timed_periods);
	notes_free(&session->overhead.reduced);
}
