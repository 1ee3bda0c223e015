// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* report.c - builds a report from a snapshot, finds its parts by name and frees it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "analyse/gpu_memory.h"
#include "analyse/verdict/bottleneck.h"
#include "analyse/check_sums.h"
#include "analyse/suspended_tasks.h"
#include "analyse/event_loops.h"
#include "analyse/neighbours.h"
#include "analyse/profiler_cost.h"
#include "analyse/stacks/parents.h"
#include "analyse/stacks/functions.h"
#include "analyse/stacks/gpu_times.h"
#include "analyse/stacks/operators.h"
#include "analyse/sums/ledger.h"
#include "analyse/outside.h"
#include "analyse/processes.h"
#include "analyse/report.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/stacks/sampled_sections.h"
#include "analyse/sums/summary.h"
#include "analyse/sums/slices.h"
#include "analyse/sums/slowest.h"
#include "analyse/sums/trend.h"
#include "analyse/sums/wait_cuts.h"
#include "analyse/threads.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/sanitize.h"

#define TARGET_COMMAND_BYTES 4096

/* The bits are those of wait(). */
static void add_end(struct dcbs_target *to, const struct snapshot_target *from)
{
	to->exit_status = to->signal = DCBS_UNKNOWN;
	if (!from->exit_known)
		return;
	if (WIFEXITED(from->exit_code))
		to->exit_status = WEXITSTATUS(from->exit_code);
	else if (WIFSIGNALED(from->exit_code))
		to->signal = WTERMSIG(from->exit_code);
}

static char *known_text(const char *raw, size_t size)
{
	return *raw ? sanitize(raw, size) : NULL;
}

static int add_host(struct dcbs_report *r, const struct snapshot_host *from)
{
	r->host = (struct dcbs_host) {
		.name = known_text(from->name, sizeof(from->name)), .kernel = known_text(from->kernel, sizeof(from->kernel)),
		.cpu = known_text(from->cpu, sizeof(from->cpu)), .cpus = from->cpus > 0 ? from->cpus : DCBS_UNKNOWN,
		.cpu_limit = from->cpu_limit > 0 ? from->cpu_limit : NAN, .libbpf = from->libbpf ? strdup(from->libbpf) : NULL,
	};
	return (*from->name && !r->host.name) || (from->libbpf && !r->host.libbpf) ? -ENOMEM : 0;
}

static int add_targets(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct snapshot_target *from;
	struct dcbs_target *to;

	r->targets = calloc(snap->nr_targets + 1, sizeof(*r->targets));
	if (!r->targets)
		return -ENOMEM;
	while (r->nr_targets < snap->nr_targets) {
		from = &snap->targets[r->nr_targets];
		to = &r->targets[r->nr_targets++];
		to->pid = from->pid;
		to->comm = sanitize(from->comm, sizeof(from->comm));
		to->command = from->command ? sanitize(from->command, TARGET_COMMAND_BYTES) : strdup("");
		to->started_at = from->started_at;
		to->markers = from->markers;
		to->parent = from->parent;
		to->rank = from->has_rank ? from->rank : DCBS_UNKNOWN;
		to->ended_at = from->ended_at > 0 ? from->ended_at : NAN;
		add_end(to, from);
		processes_fill_target(to, snap, r->nr_targets - 1);
		if (!to->comm || !to->command)
			return -ENOMEM;
	}
	return 0;
}

/* The parts of the running time that only samples tell. The GPU's come last: they are moved out of it. */
static void add_sampled_parts(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	to->fault_cpu_s = sample_weights_fault_s(snap, section, to->self_wall.cpu_s, &to->fault_cpu_error_s);
	gpu_times_fill(to, snap, section);
	gpu_memory_fill(to, snap, section);
}

static int add_section(struct dcbs_report *r, const struct snapshot *snap, size_t index)
{
	const struct snapshot_section *facts = snap->sections[index];
	struct dcbs_section *to = &r->sections[r->nr_sections++];
	int err = summary_section(to, facts);

	to->error_s = sampled_sections_error_s(snap, index);
	to->unseen_s = facts->stat.sampled ? facts->unseen_ns * S_PER_NS : NAN;
	processes_skew(&to->skew, snap, index);
	if (summary_is_unseen(facts) || facts->suspends)
		summary_forget_times(to);
	err = err ? err : ledger_section(to, facts, snap);
	if (!err)
		add_sampled_parts(to, snap, (__u16)index);
	err = err ? err : slices_fill_section(to, facts, snap);
	if (!err)
		trend_fill(to, &r->slices);
	return err ? err : slowest_fill(to, facts, snap);
}

static int add_sections_and_caches(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct snapshot_section *facts;
	int err = 0;
	size_t i;

	r->sections = calloc(snap->nr_sections + 2, sizeof(*r->sections));
	r->caches = calloc(snap->nr_sections + 1, sizeof(*r->caches));
	if (!r->sections || !r->caches)
		return -ENOMEM;
	for (i = 0; i < snap->nr_sections && !err; i++) {
		facts = snap->sections[i];
		if (summary_is_empty(facts))
			continue;
		if (summary_is_section(facts))
			err = add_section(r, snap, i);
		else if (facts->kind == DCBS_NAME_CACHE)
			err = summary_cache(&r->caches[r->nr_caches++], facts);
	}
	return err;
}

static int section_order(const void *a, const void *b)
{
	const struct dcbs_section *x = a, *y = b;

	double x_s = isnan(x->total_s) ? 0 : x->total_s, y_s = isnan(y->total_s) ? 0 : y->total_s;

	if (x_s != y_s)
		return x_s < y_s ? 1 : -1;
	return strcmp(x->name, y->name) ?: x->kind - y->kind;
}

static int cache_order(const void *a, const void *b)
{
	const struct dcbs_cache_summary *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* All sections of the snapshot count: one that the report leaves out, as it had no call in the window, may have grown. */
static void add_memory(struct dcbs_report *r, const struct snapshot *snap)
{
	int64_t explained;
	size_t i;

	r->rss_start_bytes = snap->rss_start_bytes;
	r->rss_end_bytes = snap->rss_end_bytes;
	r->rss_peak_bytes = snap->rss_peak_bytes;
	r->page_touch_s = snap->page_touch_ns > 0 ? snap->page_touch_ns * S_PER_NS : NAN;
	r->memory_estimated = snap->memory_estimated;
	r->late_part = snap->late_part > 0 ? snap->late_part : NAN;
	r->exit_bytes = r->sections_bytes = r->outside_bytes = r->others_bytes = r->unexplained_bytes = DCBS_UNKNOWN;
	if (!snap->memory_known)
		return;
	r->sections_bytes = 0;
	for (i = 0; i < snap->nr_sections; i++)
		r->sections_bytes = ledger_add(r->sections_bytes, ledger_growth(&snap->sections[i]->ledger.self_memory));
	r->outside_bytes = ledger_growth(&snap->outside.self_memory);
	r->exit_bytes = -snap->exit_release_bytes;
	r->others_bytes = snap->others_bytes;
	explained = ledger_add(ledger_add(r->sections_bytes, r->outside_bytes), r->others_bytes);
	r->unexplained_bytes = ledger_subtract(ledger_subtract(r->rss_end_bytes, r->rss_start_bytes), explained);
}

static int add_outside(struct dcbs_section *to, const struct snapshot *snap)
{
	int err = threads_fill_outside(to, snap);

	to->trend = (struct dcbs_trend){NAN, NAN, NAN, NAN, NAN};
	if (!err)
		add_sampled_parts(to, snap, SNAPSHOT_OUTSIDE);
	return err;
}

static int add_sections(struct dcbs_report *r, const struct snapshot *snap)
{
	int err = add_sections_and_caches(r, snap);

	if (err)
		return err;
	qsort(r->sections, r->nr_sections, sizeof(*r->sections), section_order);
	qsort(r->caches, r->nr_caches, sizeof(*r->caches), cache_order);
	return threads_have_outside(snap) ? add_outside(&r->sections[r->nr_sections++], snap) : 0;
}

static int fill_report(struct dcbs_report *r, const struct snapshot *snap, double threshold_s)
{
	r->schema = DCBS_SCHEMA;
	r->version = strdup(DCBS_VERSION);
	r->started_at = snap->started_at;
	r->duration_s = snap->end_ns > snap->start_ns ? (snap->end_ns - snap->start_ns) * S_PER_NS : 0;
	r->ended_by = snap->ended_by;
	r->more_targets = summary_count(snap->more_targets);
	cut_wait_estimates(snap->sections, snap);
	if (threads_mark_idle(snap) || add_host(r, &snap->host) || sampled_sections_estimate(snap->sections, snap))
		return -ENOMEM;
	add_memory(r, snap);
	gpu_memory_fill_report(r, snap);
	summary_model(&r->model, snap);
	if (slices_fill(r, snap))
		return -ENOMEM;
	if (gpu_times_libraries(r, snap) || !r->version || add_targets(r, snap) || add_sections(r, snap) || parents_fill(r, snap) ||
	    threads_fill(r, snap) || outside_fill(r, snap) || neighbours_fill(r, snap) || event_loops_fill(r, snap) ||
	    suspended_tasks_fill(r, snap) || functions_fill(r, snap) || operators_fill(r) ||
	    profiler_cost_fill(r, snap) || check_sums(r))
		return -ENOMEM;
	return bottleneck_find(r, threshold_s);
}

int report_build(struct dcbs_report **report, const struct snapshot *snap, double threshold_s)
{
	struct dcbs_report *r = calloc(1, sizeof(*r));
	int err = r ? fill_report(r, snap, threshold_s) : -ENOMEM;

	if (err) {
		dcbs_report_free(r);
		return fail(err, "no memory for the report");
	}
	*report = r;
	return 0;
}

const struct dcbs_section *dcbs_report_section(const struct dcbs_report *report, const char *name)
{
	size_t i;

	for (i = 0; i < report->nr_sections; i++)
		if (!strcmp(report->sections[i].name, name))
			return &report->sections[i];
	return NULL;
}

const struct dcbs_cache_summary *dcbs_report_cache(const struct dcbs_report *report, const char *name)
{
	size_t i;

	for (i = 0; i < report->nr_caches; i++)
		if (!strcmp(report->caches[i].name, name))
			return &report->caches[i];
	return NULL;
}

static void free_members(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		free(r->sections[i].name);
		free(r->sections[i].parent);
		free(r->sections[i].histogram.buckets);
		free(r->sections[i].growth.histogram.buckets);
		free(r->sections[i].faults.histogram.buckets);
	}
	for (i = 0; i < r->nr_threads; i++)
		free(r->threads[i].name);
	for (i = 0; i < r->nr_caches; i++)
		free(r->caches[i].name);
	for (i = 0; i < r->nr_notes; i++)
		free(r->notes[i]);
	for (i = 0; i < r->nr_gpu_libraries; i++)
		free(r->gpu_libraries[i]);
	for (i = 0; i < r->nr_sessions; i++) {
		free(r->sessions[i].name);
		free(r->sessions[i].host);
	}
	for (i = 0; i < r->nr_targets; i++) {
		free(r->targets[i].comm);
		free(r->targets[i].command);
	}
}

void dcbs_report_free(struct dcbs_report *r)
{
	size_t i;

	if (!r)
		return;
	slices_free(r);
	slowest_free(r);
	free_members(r);
	bottleneck_free(r);
	operators_free(r);
	functions_free(r);
	neighbours_free(r);
	event_loops_free(r);
	suspended_tasks_free(r);
	free(r->sections);
	free(r->caches);
	free(r->targets);
	free(r->threads);
	free(r->outside);
	free(r->notes);
	free(r->gpu_libraries);
	free(r->sessions);
	for (i = 0; i < r->overhead.nr_reduced; i++)
		free(r->overhead.reduced[i]);
	free(r->overhead.reduced);
	free(r->version);
	free(r->host.name);
	free(r->host.kernel);
	free(r->host.cpu);
	free(r->host.libbpf);
	free(r);
}
