// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* profiler_cost.c - what profiling cost the targets, what was lost, and the notes on both. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/profiler_cost.h"
#include "analyse/sums/summary.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/human.h"
#include "base/sanitize.h"

/* An unknown price (NAN) of something that never happened costs nothing. */
static double cost_ns(__u64 n, double each_ns)
{
	return n ? n * each_ns : 0;
}

static double total_cost_ns(const struct snapshot *snap, double ns_per_flush)
{
	const struct counters *c = &snap->counters;
	__u64 traced = c->switches + c->wakings + c->wakeups + c->rss_events + c->rss_skipped;
	__u64 tick_samples = c->samples > c->wait_samples ? c->samples - c->wait_samples : 0;

	return cost_ns(traced, snap->trace_ns) + cost_ns(c->flushes, ns_per_flush) + cost_ns(c->switches, snap->bpf_ns_per_switch) +
	       cost_ns(c->wakings, snap->bpf_ns_per_waking) + cost_ns(c->wakeups, snap->bpf_ns_per_wakeup) +
	       cost_ns(c->rss_events, snap->bpf_ns_per_rss_event) + cost_ns(c->ticks, snap->bpf_ns_per_tick) +
	       cost_ns(tick_samples, snap->bpf_ns_per_sample) + cost_ns(c->calls, snap->ns_per_call) +
	       cost_ns(c->gpu_calls + c->gpu_memory_calls, snap->ns_per_gpu_call) + cost_ns(c->gpu_launches, snap->ns_per_gpu_launch) + (double)snap->answers_ns;
}

static int64_t known_bytes(__u64 n)
{
	return n ? summary_count(n) : DCBS_UNKNOWN;
}

static void fill_overhead(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct counters *c = &snap->counters;
	struct dcbs_overhead *o = &r->overhead;

	o->flushes = summary_count(c->flushes);
	o->samples = snap->frequency_hz > 0 ? summary_count(c->samples) : DCBS_UNKNOWN;
	o->switches = summary_count(c->switches);
	o->faults = snap->memory_known ? summary_count(c->rss_events) : DCBS_UNKNOWN;
	o->profiler_rss_bytes = known_bytes(snap->profiler_bytes);
	o->maps_bytes = known_bytes(snap->maps_bytes);
	o->thread_bytes = known_bytes(snap->thread_bytes);
	o->answers = summary_count(snap->answers);
	o->answers_s = (double)snap->answers_ns * S_PER_NS;
	o->ns_per_flush = snap->trap_ns + snap->bpf_ns_per_flush;
	o->ns_per_section = c->events ? cost_ns(c->flushes, o->ns_per_flush) / c->events : NAN;
	o->target_cpu_share = r->duration_s > 0 ? total_cost_ns(snap, o->ns_per_flush) * S_PER_NS / r->duration_s : NAN;
}

/*
 * Each call of a section is charged with its part of the flushes and with two clock reads. The rest of the cost is divided
 * among the sections by their self time.
 */
static void fill_section_costs(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct dcbs_overhead *o = &r->overhead;
	double call_ns = (o->ns_per_section > 0 ? o->ns_per_section : 0) + 2 * snap->clock_read_ns;
	double rest_ns = o->target_cpu_share * r->duration_s / S_PER_NS - cost_ns(snap->counters.flushes, o->ns_per_flush);
	double self_s = 0;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		self_s += r->sections[i].self_s > 0 ? r->sections[i].self_s : 0;
	for (i = 0; i < r->nr_sections; i++) {
		struct dcbs_section *s = &r->sections[i];
		double calls_ns = s->count > 0 ? (double)s->count * call_ns : 0;

		s->profiling_s = (calls_ns + rest_ns * (self_s > 0 ? s->self_s / self_s : 0)) * S_PER_NS;
		s->profiling_per_call_s = s->count > 0 ? s->profiling_s / (double)s->count : NAN;
	}
}

static void fill_lost(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct counters *c = &snap->counters;
	__u64 names = c->lost_section_ids + c->lost_names;
	size_t i;

	for (i = 0; i < snap->nr_targets; i++)
		names += snap->targets[i].names_lost;
	r->lost.sections = summary_count(c->lost_too_deep + c->lost_unmatched + snap->unseen);
	r->lost.records = summary_count(c->lost_overwritten + c->lost_garbage + c->lost_unread);
	r->lost.names = summary_count(names);
	r->lost.processes = summary_count(c->lost_processes);
	r->lost.samples = summary_count(c->lost_samples);
	r->lost.stacks = summary_count(c->stacks_broken);
}

/* Takes over `note`; NULL: there was no memory for it. `room`: of the report's notes. */
static int add_note(struct dcbs_report *r, size_t *room, char *note)
{
	if (!note || !array_reserve(r->notes, r->nr_notes, *room, 1)) {
		free(note);
		return -ENOMEM;
	}
	r->notes[r->nr_notes++] = note;
	return 0;
}

/*
 * Since Linux 7.0 a tracing program may be preempted. Until it continues, the kernel does not run it for other threads on
 * that CPU, and the events of those are missed.
 */
#define MISSED "were not traced, as another one was being traced on that CPU: "

static int add_notes(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct {
		__u64 n;
		const char *text;
	} losses[] = {	/* not in struct dcbs_lost: the number of sections that they affect is unknown */
		{snap->counters.lost_open_sections, "waits or pages could not be put down to a section, because the thread's record was not there "
		 "to be read: they are in \"(outside)\""},
		{snap->counters.sections_cut, "times more sections were open than waits, pages and samples are charged to: the outermost ones have too few "
		 "of them"},
		{snap->counters.lost_parts, "times a process's figures could not be reported apart from the others': what the processes have "
		 "is too low"},
		{snap->counters.exits_unread, "thread ends unread (kernel before 6.16): what such a thread had finished in its last "
		 "millisecond is missing"},
		{snap->begun_missed, "sections were open when the window began, and were more than can be noted: their self time may "
		 "count some of the time before it"},
		{snap->baselines_missed, "threads had lost sections before we came, and were more than can be noted: those are in what is "
		 "lost, too"},
		{snap->disordered, "sections ended before others that began later on the same thread, so they are no stack: self time, CPU time and "
		 "memory of such sections went to the one begun last. dcbs_flow_enter() tells fibers and coroutines of C apart"},
		{snap->missed_ends, "thread ends on this machine, of the target or not, " MISSED "what such a thread did since its last "
		 "wait is missing"},
		{snap->missed_starts, "forks and execs on this machine, of the target or not, " MISSED "such a child is not followed"},
		{snap->counters.lost_slow_calls, "calls that may be among the slowest ones are not in their list, as several threads changed it at once"},
		{snap->missed_pages, "changes of memory " MISSED "they are put down to the section of the next one"},
	};
	size_t i, room = 0;
	char *note;

	for (i = 0; i < snap->nr_notes; i++)
		if (add_note(r, &room, sanitize(snap->notes[i], strlen(snap->notes[i]))))
			return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(losses); i++) {
		if (!losses[i].n)
			continue;
		if (asprintf(&note, "%s %s", human_exact(summary_count(losses[i].n)).text, losses[i].text) < 0)
			note = NULL;
		if (add_note(r, &room, note))
			return -ENOMEM;
	}
	return 0;
}

static int copy_reduced(struct dcbs_overhead *o, const struct snapshot *snap)
{
	size_t i;

	o->reduced = calloc(snap->nr_reduced + 1, sizeof(*o->reduced));
	for (i = 0; o->reduced && i < snap->nr_reduced; i++)
		if ((o->reduced[i] = strdup(snap->reduced[i])))
			o->nr_reduced++;
	return o->reduced && o->nr_reduced == snap->nr_reduced ? 0 : -ENOMEM;
}

int profiler_cost_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	fill_overhead(r, snap);
	fill_section_costs(r, snap);
	fill_lost(r, snap);
	if (copy_reduced(&r->overhead, snap))
		return -ENOMEM;
	return add_notes(r, snap);
}
