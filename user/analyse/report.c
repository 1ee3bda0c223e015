// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* report.c - builds a report from a snapshot, looks into it and frees it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/bottleneck.h"
#include "analyse/report.h"
#include "analyse/summary.h"
#include "fail.h"
#include "sanitize.h"
#include "units.h"

#define NS 1e-9

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
		to->command = sanitize(from->command, sizeof(from->command));
		to->started_at = from->started_at;
		to->markers = from->markers;
		if (!to->comm || !to->command)
			return -ENOMEM;
	}
	return 0;
}

static bool is_section(const struct snapshot_row *row)
{
	return row->kind == DCBS_NAME_SECTION || row->kind == DCBS_NAME_FORWARD || row->kind == DCBS_NAME_GENERATION;
}

static int add_rows(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct snapshot_row *row;
	int err = 0;
	size_t i;

	r->sections = calloc(snap->nr_rows + 1, sizeof(*r->sections));
	r->caches = calloc(snap->nr_rows + 1, sizeof(*r->caches));
	if (!r->sections || !r->caches)
		return -ENOMEM;
	for (i = 0; i < snap->nr_rows && !err; i++) {
		row = snap->rows[i];
		if (summary_is_empty(row))
			continue;
		if (is_section(row))
			err = summary_section(&r->sections[r->nr_sections++], row);
		else if (row->kind == DCBS_NAME_CACHE)
			err = summary_cache(&r->caches[r->nr_caches++], row);
	}
	return err;
}

static int section_order(const void *a, const void *b)
{
	const struct dcbs_section *x = a, *y = b;
	bool x_outside = !strcmp(x->name, BOTTLENECK_OUTSIDE), y_outside = !strcmp(y->name, BOTTLENECK_OUTSIDE);

	if (x_outside != y_outside)
		return x_outside ? 1 : -1;
	if (x->total_s != y->total_s)
		return x->total_s < y->total_s ? 1 : -1;
	return strcmp(x->name, y->name) ?: x->kind - y->kind;
}

static int cache_order(const void *a, const void *b)
{
	const struct dcbs_cache_summary *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static double cost_ns(__u64 n, double each_ns)
{
	return n ? n * each_ns : 0;
}

/* What the entry and return probes of --section cost is measured nowhere: with them the share is not known. */
static void add_overhead(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct counters *c = &snap->counters;
	struct dcbs_overhead *o = &r->overhead;
	double ns;

	o->flushes = summary_count(c->flushes);
	o->samples = summary_count(c->ticks);
	o->switches = summary_count(c->switches);
	o->faults = DCBS_UNKNOWN;
	o->ns_per_flush = snap->trap_ns + snap->bpf_ns_per_flush;
	o->ns_per_section = c->events ? cost_ns(c->flushes, o->ns_per_flush) / c->events : NAN;
	ns = cost_ns(c->flushes, o->ns_per_flush) + cost_ns(c->switches, snap->bpf_ns_per_switch) +
	     cost_ns(c->calls, NAN);
	o->target_cpu_share = r->duration_s > 0 ? ns * NS / r->duration_s : NAN;
}

static void add_lost(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct counters *c = &snap->counters;
	__u64 names = c->lost_rows + c->lost_names;
	size_t i;

	for (i = 0; i < snap->nr_targets; i++)
		names += snap->targets[i].names_lost;
	r->lost.sections = summary_count(c->lost_too_deep + c->lost_unmatched);
	r->lost.records = summary_count(c->lost_overwritten + c->lost_garbage + c->lost_unread);
	r->lost.names = summary_count(names);
}

static int add_note(struct dcbs_report *r, char *note)
{
	if (!note)
		return -ENOMEM;
	r->notes[r->nr_notes++] = note;
	return 0;
}

/* A loss that has no line of its own, because how many sections it took is not known. */
static int add_loss_note(struct dcbs_report *r, __u64 n, const char *what)
{
	char *note;

	if (!n)
		return 0;
	if (asprintf(&note, "%s %s", units_exact(summary_count(n)).text, what) < 0)
		note = NULL;
	return add_note(r, note);
}

static int add_notes(struct dcbs_report *r, const struct snapshot *snap)
{
	size_t i;

	r->notes = calloc(snap->nr_notes + 2, sizeof(*r->notes));
	if (!r->notes)
		return -ENOMEM;
	for (i = 0; i < snap->nr_notes; i++)
		if (add_note(r, sanitize(snap->notes[i], strlen(snap->notes[i]))))
			return -ENOMEM;
	return add_loss_note(r, snap->counters.exits_unread, "thread ends unread (kernel before 6.16): what a killed "
			     "thread had finished in its last millisecond is missing");
}

static int fill(struct dcbs_report *r, const struct snapshot *snap, double threshold_s)
{
	r->schema = DCBS_SCHEMA;
	r->version = strdup(DCBS_VERSION);
	r->started_at = snap->started_at;
	r->duration_s = snap->end_ns > snap->start_ns ? (snap->end_ns - snap->start_ns) * NS : 0;
	r->ended_by = snap->ended_by;
	r->rss_start_bytes = snap->rss_start_bytes;
	r->rss_end_bytes = snap->rss_end_bytes;
	r->rss_peak_bytes = snap->rss_peak_bytes;
	if (!r->version || add_targets(r, snap) || add_rows(r, snap) || add_notes(r, snap))
		return -ENOMEM;
	qsort(r->sections, r->nr_sections, sizeof(*r->sections), section_order);
	qsort(r->caches, r->nr_caches, sizeof(*r->caches), cache_order);
	summary_model(&r->model, snap);
	add_overhead(r, snap);
	add_lost(r, snap);
	return bottleneck_find(r, threshold_s);
}

int report_build(struct dcbs_report **report, const struct snapshot *snap, double threshold_s)
{
	struct dcbs_report *r = calloc(1, sizeof(*r));
	int err = r ? fill(r, snap, threshold_s) : -ENOMEM;

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

static void free_parts(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		free(r->sections[i].name);
		free(r->sections[i].histogram.buckets);
	}
	for (i = 0; i < r->nr_caches; i++)
		free(r->caches[i].name);
	for (i = 0; i < r->nr_notes; i++)
		free(r->notes[i]);
	for (i = 0; i < r->nr_targets; i++) {
		free(r->targets[i].comm);
		free(r->targets[i].command);
	}
}

void dcbs_report_free(struct dcbs_report *r)
{
	if (!r)
		return;
	free_parts(r);
	bottleneck_free(r);
	free(r->sections);
	free(r->caches);
	free(r->targets);
	free(r->notes);
	free(r->version);
	free(r);
}
