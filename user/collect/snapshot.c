// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* snapshot.c - copies the facts of one moment from the maps and the targets. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/answers.h"
#include "collect/children/process_facts.h"
#include "collect/gpu/gpu_figures.h"
#include "collect/kernel/program_copies.h"
#include "collect/kernel/stat_maps.h"
#include "collect/open_facts.h"
#include "collect/overhead/levers.h"
#include "collect/samples/sampler.h"
#include "collect/samples/sampling.h"
#include "collect/snapshot.h"
#include "collect/stats/cpu_neighbours.h"
#include "collect/stats/loop_figures.h"
#include "collect/stats/open_calls.h"
#include "collect/stats/read_ledgers.h"
#include "collect/stats/time_slices.h"
#include "host/bpf_stats.h"

/* ---- sections ---- */

/*
 * Adds the stats of another section id to a section. The kernel compares all bytes of names, also those that a process stored
 * behind the end of the text, so several ids may have one name. All fields but the extremes are sums.
 */
static void merge_section_stat(struct section_stat *to, const struct section_stat *from)
{
	const __u64 *add = &from->count, *end = (const __u64 *)(from + 1);
	__u64 max = to->max_ns > from->max_ns ? to->max_ns : from->max_ns;
	__u64 min_inv = to->min_inv_ns > from->min_inv_ns ? to->min_inv_ns : from->min_inv_ns;
	__u64 size_max = to->size_max > from->size_max ? to->size_max : from->size_max;
	__u64 rss_max = to->rss_max > from->rss_max ? to->rss_max : from->rss_max;
	__u64 rss_min_inv = to->rss_min_inv > from->rss_min_inv ? to->rss_min_inv : from->rss_min_inv;
	__u64 size_last = from->sizes ? from->size_last : to->size_last;
	__u64 *sum = &to->count;

	to->sampled |= from->sampled;
	for (; add < end; add++, sum++)
		if (*add)	/* a page of zeros that is not written takes no memory */
			*sum += *add;
	to->max_ns = max;
	to->min_inv_ns = min_inv;
	to->size_max = size_max;
	to->size_last = size_last;
	to->slow_ns = 0;
	to->rss_max = rss_max;
	to->rss_min_inv = rss_min_inv;
}

/* Copies the sections, and stores in section_index[id] the snapshot's section of each section id. */
static int copy_sections(struct session *session, struct snapshot *snap, __u16 *section_index)
{
	struct programs *bpf = &session->bpf;
	int names = bpf_map__fd(bpf->skel->maps.section_names), err;
	size_t i, used = stat_maps_used(bpf);
	__u32 id;

	assert(used <= BPFPROF_SECTIONS);
	err = stat_maps_reach(bpf, used);
	if (err)
		return err;
	snap->sections = calloc(BPFPROF_SECTIONS, sizeof(*snap->sections));
	if (!snap->sections)
		return fail(-ENOMEM, "out of memory");
	for (id = SECTION_OTHER; id < used; id++) {
		struct snapshot_section *section;
		struct section_name name;

		if (bpf_map_lookup_elem(names, &id, &name) || !name.kind)
			continue;
		name.text[sizeof(name.text) - 1] = 0;
		section = snapshot_get_section(snap, &name);
		if (!section)
			return fail(-ENOMEM, "out of memory");
		section_index[id] = snapshot_section_index(snap, section);
		merge_section_stat(&section->stat, &bpf->stats[id]);
		read_ledgers_merge(&section->ledger, &bpf->ledgers[id]);
	}
	for (i = 0; i < snap->nr_sections; i++) {
		read_ledgers_scale_waits(&snap->sections[i]->ledger, snap->wait_scale);
		snap->sections[i]->open = snap->sections[i]->stat.open;
	}
	return 0;
}

/* ---- costs and losses ---- */

static void copy_costs(const struct session *session, struct snapshot *snap)
{
	const struct bpfprof *skel = session->bpf.skel;
	const struct calibration *costs = &session->costs;

	snap->bpf_ns_per_flush = bpf_stats_run_ns(skel->progs.on_flush);
	snap->bpf_ns_per_switch = bpf_stats_run_ns(skel->progs.on_switch);
	snap->bpf_ns_per_tick = bpf_stats_run_ns(skel->progs.on_tick);
	snap->bpf_ns_per_sample = session->sampler ? bpf_stats_run_ns(skel->progs.on_sample) : NAN;
	snap->bpf_ns_per_waking = bpf_stats_run_ns(skel->progs.on_waking);
	snap->bpf_ns_per_wakeup = bpf_stats_run_ns(skel->progs.on_wakeup);
	snap->bpf_ns_per_rss_event = bpf_stats_run_ns(skel->progs.on_rss);
	snap->ns_per_call = cost_meter_ns_per_call(&session->overhead.meter);
	snap->ns_per_gpu_call = cost_meter_ns_per_gpu_call(&session->overhead.meter);
	snap->probe_added_ns = fmax(costs->trap_ns, costs->step_ns);
	snap->trap_ns = costs->trap_ns;
	snap->trace_ns = costs->trace_ns;
	snap->page_touch_ns = costs->page_touch_ns;
	snap->clock_read_ns = costs->clock_read_ns;
}

static void copy_own_memory(const struct session *session, struct snapshot *snap)
{
	struct rusage usage;

	if (!getrusage(RUSAGE_SELF, &usage))
		snap->profiler_bytes = (__u64)usage.ru_maxrss << 10;
	snap->maps_bytes = programs_map_bytes(&session->bpf);
	snap->thread_bytes = programs_thread_bytes(&session->bpf);
}

static void copy_misses(const struct session *session, struct snapshot *snap)
{
	const struct bpfprof *skel = session->bpf.skel;

	snap->missed_ends = program_copies_missed(skel, skel->progs.on_exit) + bpf_stats_missed(skel->progs.on_do_exit);
	snap->missed_starts = program_copies_missed(skel, skel->progs.on_fork) + program_copies_missed(skel, skel->progs.on_exec) +
			      program_copies_missed(skel, skel->progs.on_prepare_exec) + bpf_stats_missed(skel->progs.on_begin_exec);
	snap->missed_pages = bpf_stats_missed(skel->progs.on_rss) + bpf_stats_missed(skel->progs.on_map);
	snap->begun_missed = session->window.begun_missed;
	snap->baselines_missed = session->window.baselines_missed;
}

static int copy_all_notes(struct session *session, struct snapshot *snap)
{
	int err = notes_copy(&session->notes, &snap->notes, &snap->nr_notes);

	return err ? err : notes_copy(&session->overhead.reduced, &snap->reduced, &snap->nr_reduced);
}

/* ---- a snapshot ---- */

static void copy_window(const struct session *session, struct snapshot *snap)
{
	const struct window *window = &session->bpf.skel->bss->window;

	snap->frequency_hz = session->opts.frequency_hz;
	snap->start_ns = window->start_ns;
	snap->end_ns = window->end_ns ? window->end_ns : clock_now_ns();
	snap->started_at = session->window.started_at;
	snap->ended_by = session->window.ended_by;
	snap->host = session->host;
}

#define SURE_BYTES 64	/* of a name: a longer one may have been cut, which is no reason to take it for another */

static void mark_functions(const struct session *session, struct snapshot *snap)
{
	size_t i, k;

	for (i = 0; i < session->opts.nr_sections; i++)
		for (k = 0; k < snap->nr_sections; k++)
			snap->sections[k]->is_function |= !strncmp(snap->sections[k]->name, session->opts.sections[i].name, SURE_BYTES);
}

/* The order matters: read_ledgers() sets the scale of waits, and copy_sections() the index that the later ones need. */
static int copy_map_facts(struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views,
			  __u16 *section_index)
{
	int err;

	err = read_ledgers(session, snap, views, nr_views);
	if (!err)
		err = copy_sections(session, snap, section_index);
	if (!err)
		mark_functions(session, snap);
	if (!err)
		err = levers_add_estimates(session, snap, section_index);
	if (!err)
		err = sampler_copy(session->sampler, snap, section_index);
	if (!err)
		err = slow_calls_add(&session->slow_calls, &session->bpf, session->sampler, (size_t)session->opts.slowest, snap,
				     section_index);
	if (!err)
		err = process_facts_copy(session, snap, section_index);
	if (!err)
		err = cpu_neighbours_copy(&session->bpf, snap);
	if (!err)
		err = loop_figures_copy(&session->bpf, snap);
	if (!err)
		err = awaiting_copy(&session->awaiting, snap);
	if (!err)
		function_probes_copy_shares(&session->probes, snap, section_index);
	if (!err)
		growth_trend_add(&session->growth, &session->bpf, snap->ended_by == DCBS_ENDED_TARGET_EXIT, snap, section_index);
	if (!err)
		open_calls_add(session, snap, views, nr_views, section_index);
	if (!err)
		in_flight_add(&session->in_flight, snap, section_index);
	if (!err)
		gpu_figures_copy(&session->gpu_probes, &session->bpf, snap, section_index);
	if (!err)
		gpu_census_copy(&session->gpu_census, &session->bpf, snap, section_index);
	if (!err)
		gpu_figures_add_open(snap, views, nr_views, section_index);
	return err;
}

/* To list the threads samples the stacks of those that wait, so the samples are taken after it. */
static int fill_snapshot(struct session *session, struct snapshot *snap)
{
	bool ended = session->bpf.skel->bss->window.end_ns;
	__u16 section_index[BPFPROF_SECTIONS];
	struct thread_view *views;
	size_t nr_views;
	int err;

	memset(section_index, 0xff, sizeof(section_index));
	copy_window(session, snap);
	nr_views = thread_lister_read(&session->lister, &session->bpf, &views);
	(ended ? sampler_end : sampler_poll)(session->sampler);
	err = copy_map_facts(session, snap, views, nr_views, section_index);
	if (!err)
		open_facts_add(session, snap, views, nr_views);
	if (!err)
		err = time_slices_add(&session->slices, snap, section_index);
	free(views);
	if (ended)
		sampling_note_missing(session);
	if (err)
		return err;
	copy_costs(session, snap);
	answers_copy(session, snap);
	copy_own_memory(session, snap);
	copy_misses(session, snap);
	return copy_all_notes(session, snap);
}

int snapshot_take(struct session *session, struct snapshot **result)
{
	struct snapshot *snap = calloc(1, sizeof(*snap));
	int err = snap ? fill_snapshot(session, snap) : fail(-ENOMEM, "out of memory");

	if (err) {
		snapshot_free(snap);
		return err;
	}
	*result = snap;
	return 0;
}
