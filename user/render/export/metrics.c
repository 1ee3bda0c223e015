// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* metrics.c - which metrics a report has. A value that is unknown has no line: it would count as 0 in every sum. */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "render/export/metrics.h"
#include "render/export/saved.h"
#include "render/json/json_words.h"

#define INDEXES_PER_OCTAVE 32	/* of struct dcbs_bucket */
#define FIRST_BOUND 14		/* 2^14 ns */
#define BOUND_STEP 2
#define PID_DIGITS 12

struct metric_writer {
	const struct dcbs_report *report;
	struct metric_sink *sink;
	struct metric_label pid;	/* its value is NULL: it is not wanted */
};

/* Writes a value with up to two labels; a label without a name or a value is left out. */
static void write_value(struct metric_writer *w, struct metric_label a, struct metric_label b, double value)
{
	struct metric_label labels[METRIC_LABELS];
	size_t nr = 0;

	if (isnan(value))
		return;
	if (w->pid.value)
		labels[nr++] = w->pid;
	if (a.value)
		labels[nr++] = a;
	if (b.value)
		labels[nr++] = b;
	w->sink->value(w->sink, labels, nr, value);
}

static double integer_value(int64_t value)
{
	return value == DCBS_UNKNOWN ? NAN : (double)value;
}

/* ---- the run ---- */

static const struct metric_label none = {NULL, NULL};

static void write_single(struct metric_writer *w, enum metric_type type, const char *name, const char *help, double value)
{
	const struct metric_family family = {name, help, type};

	w->sink->family(w->sink, &family);
	write_value(w, none, none, value);
	w->sink->end(w->sink);
}

static void write_version(struct metric_writer *w)
{
	static const struct metric_family family = {"dcbs_profiler_info", "The profiler's version.", METRIC_GAUGE};

	w->sink->family(w->sink, &family);
	write_value(w, (struct metric_label){"version", w->report->version}, none, 1);
	w->sink->end(w->sink);
}

static void write_run(struct metric_writer *w)
{
	const struct dcbs_report *r = w->report;

	write_version(w);
	write_single(w, METRIC_GAUGE, "dcbs_start_time_seconds", "Start of the profile, Unix time.", r->started_at);
	write_single(w, METRIC_GAUGE, "dcbs_window_seconds", "Time for which the profile has run.", r->duration_s);
	write_single(w, METRIC_GAUGE, "dcbs_targets", "Processes that were profiled, those that have ended included.",
		     (double)r->nr_targets + (double)r->more_targets);
	write_single(w, METRIC_GAUGE, "dcbs_rss_bytes", "RSS of all targets.", integer_value(r->rss_end_bytes));
	write_single(w, METRIC_GAUGE, "dcbs_rss_peak_bytes", "The largest RSS of all targets since the start.",
		     integer_value(r->rss_peak_bytes));
	write_single(w, METRIC_COUNTER, "dcbs_cpu_seconds_total", "CPU time of the targets' threads by the kernel's account.",
		     r->kernel_cpu_s);
	write_single(w, METRIC_COUNTER, "dcbs_profiling_seconds_total", "CPU time that profiling took from the targets.",
		     saved_number(r->overhead.target_cpu_share) * saved_number(r->duration_s));
}

static void write_lost(struct metric_writer *w)
{
	static const struct metric_family family = {
		"dcbs_lost_total", "What could not be counted, by kind. All 0: counts are complete.", METRIC_COUNTER,
	};
	const struct dcbs_lost *l = &w->report->lost;
	const struct { const char *what; int64_t value; } kinds[] = {
		{"sections", l->sections}, {"records", l->records}, {"samples", l->samples}, {"stacks", l->stacks}, {"names", l->names},
		{"processes", l->processes},
	};
	size_t i;

	w->sink->family(w->sink, &family);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		write_value(w, (struct metric_label){"what", kinds[i].what}, none, integer_value(kinds[i].value));
	w->sink->end(w->sink);
}

static void write_caches(struct metric_writer *w)
{
	static const struct metric_family hits = {"dcbs_cache_hits_total", "Hits of a cache.", METRIC_COUNTER};
	static const struct metric_family misses = {"dcbs_cache_misses_total", "Misses of a cache.", METRIC_COUNTER};
	size_t i;

	w->sink->family(w->sink, &hits);
	for (i = 0; i < w->report->nr_caches; i++)
		write_value(w, (struct metric_label){"cache", w->report->caches[i].name}, none, integer_value(w->report->caches[i].hits));
	w->sink->end(w->sink);
	w->sink->family(w->sink, &misses);
	for (i = 0; i < w->report->nr_caches; i++)
		write_value(w, (struct metric_label){"cache", w->report->caches[i].name}, none, integer_value(w->report->caches[i].misses));
	w->sink->end(w->sink);
}

/* ---- sections ---- */

/* Figures of a section that are one number. */
static const struct section_metric {
	struct metric_family family;
	size_t offset;
	bool integer;
} section_metrics[] = {
	{{"dcbs_section_open_seconds_total", "Time for which a section was open, over all threads and coroutines.", METRIC_COUNTER},
	 offsetof(struct dcbs_section, total_s), false},
	{{"dcbs_section_open_seconds_error", "Standard deviation of that time, if it is an estimate.", METRIC_GAUGE},
	 offsetof(struct dcbs_section, error_s), false},
	{{"dcbs_section_cpu_seconds_error", "Standard deviation of computing, if it is an estimate.", METRIC_GAUGE},
	 offsetof(struct dcbs_section, cpu_error_s), false},
	{{"dcbs_section_open_calls", "Calls of a section that are open.", METRIC_GAUGE}, offsetof(struct dcbs_section, open), true},
	{{"dcbs_section_errors_total", "Calls of a section that failed.", METRIC_COUNTER}, offsetof(struct dcbs_section, errors), true},
	{{"dcbs_section_items_total", "Items that a section reported.", METRIC_COUNTER}, offsetof(struct dcbs_section, items), true},
	{{"dcbs_section_rss_grown_bytes_total", "Pages that came while the section was the innermost one.", METRIC_COUNTER},
	 offsetof(struct dcbs_section, self_memory.grown_bytes), true},
	{{"dcbs_section_rss_grown_bytes_error", "Standard deviation of the growth, if that is an estimate.", METRIC_GAUGE},
	 offsetof(struct dcbs_section, self_memory.grown_error_bytes), true},
	{{"dcbs_section_rss_shrunk_bytes_total", "Pages that went while the section was the innermost one.", METRIC_COUNTER},
	 offsetof(struct dcbs_section, self_memory.shrunk_bytes), true},
	{{"dcbs_section_rss_shrunk_bytes_error", "Standard deviation of the shrinking, if that is an estimate.", METRIC_GAUGE},
	 offsetof(struct dcbs_section, self_memory.shrunk_error_bytes), true},
};

/* A model's calls may have the name of a section. */
static struct metric_label kind_label(const struct dcbs_section *s)
{
	const char *kind = json_words_of(&json_words_kinds, s->kind);

	return (struct metric_label){"kind", kind && strcmp(kind, "section") ? kind : NULL};
}

static double number_of(const struct dcbs_section *s, const struct section_metric *m)
{
	const char *field = (const char *)s + m->offset;

	return m->integer ? integer_value(*(const int64_t *)field) : *(const double *)field;
}

static void write_section_metric(struct metric_writer *w, const struct section_metric *m)
{
	const struct dcbs_section *s = w->report->sections, *end = s + w->report->nr_sections;

	w->sink->family(w->sink, &m->family);
	for (; s < end; s++)
		write_value(w, (struct metric_label){"section", s->name}, kind_label(s), number_of(s, m));
	w->sink->end(w->sink);
}

/* ---- durations ---- */

double metrics_bound_s(int i)
{
	return ldexp(1, FIRST_BOUND + i * BOUND_STEP) / 1e9;
}

void metrics_cumulate(const struct dcbs_histogram *from, uint64_t *counts)
{
	uint64_t count = from->zero_count;
	size_t bucket = 0;
	int i;

	for (i = 0; i < METRIC_BOUNDS; i++) {
		const int32_t end = (FIRST_BOUND + i * BOUND_STEP) * INDEXES_PER_OCTAVE;

		for (; bucket < from->nr_buckets && from->buckets[bucket].index < end; bucket++)
			count += from->buckets[bucket].count;
		counts[i] = count;
	}
}

static uint64_t calls_of(const struct dcbs_histogram *h)
{
	uint64_t count = h->zero_count;
	size_t i;

	for (i = 0; i < h->nr_buckets; i++)
		count += h->buckets[i].count;
	return count;
}

/* If calls are estimated, their durations are known in part. */
static void write_durations_of(struct metric_writer *w, const struct dcbs_section *s)
{
	struct metric_label labels[METRIC_LABELS], kind = kind_label(s);
	struct metric_histogram h = {.buckets = &s->histogram, .count = calls_of(&s->histogram)};
	size_t nr = 0;

	if (s->count == DCBS_UNKNOWN || !isnan(s->error_s))
		return;
	if (h.count)
		h.sum_s = saved_number(s->mean_s) * (double)h.count;
	if (w->pid.value)
		labels[nr++] = w->pid;
	labels[nr++] = (struct metric_label){"section", s->name};
	if (kind.value)
		labels[nr++] = kind;
	w->sink->histogram(w->sink, labels, nr, &h);
}

static void write_durations(struct metric_writer *w)
{
	static const struct metric_family family = {
		"dcbs_section_seconds", "Durations of the calls of a section that have ended.", METRIC_HISTOGRAM,
	};
	size_t i;

	w->sink->family(w->sink, &family);
	for (i = 0; i < w->report->nr_sections; i++)
		write_durations_of(w, &w->report->sections[i]);
	w->sink->end(w->sink);
}

/* ---- causes ---- */

/* The words are those of the keys of `wall` in the JSON document. */
static const struct cause_metric {
	const char *word;
	size_t offset;
} cause_metrics[] = {
	{"cpu", offsetof(struct dcbs_wall, cpu_s)}, {"runqueue", offsetof(struct dcbs_wall, runqueue_s)},
	{"throttled", offsetof(struct dcbs_wall, throttled_s)}, {"steal", offsetof(struct dcbs_wall, steal_s)},
	{"gil", offsetof(struct dcbs_wall, gil_s)}, {"lock", offsetof(struct dcbs_wall, lock_s)},
	{"disk", offsetof(struct dcbs_wall, disk_s)}, {"network", offsetof(struct dcbs_wall, network_s)},
	{"fault", offsetof(struct dcbs_wall, fault_s)}, {"sleep", offsetof(struct dcbs_wall, sleep_s)},
	{"gpu", offsetof(struct dcbs_wall, gpu_s)},
	{"await", offsetof(struct dcbs_wall, await_s)}, {"other", offsetof(struct dcbs_wall, other_s)},
};

/* A cause has a value once it has time: most sections have three or four of them. */
static void write_causes_of(struct metric_writer *w, const struct dcbs_section *s)
{
	struct metric_label labels[METRIC_LABELS], kind = kind_label(s);
	bool known = !isnan(s->self_wall.cpu_s);
	size_t i, nr = 0;

	if (w->pid.value)
		labels[nr++] = w->pid;
	labels[nr++] = (struct metric_label){"section", s->name};
	if (kind.value)
		labels[nr++] = kind;
	if (!known && !isnan(s->self_s)) {
		labels[nr++] = (struct metric_label){"cause", "unknown"};
		w->sink->value(w->sink, labels, nr, s->self_s);
	}
	for (i = 0; i < ARRAY_SIZE(cause_metrics) && known; i++) {
		double s_of = *(const double *)((const char *)&s->self_wall + cause_metrics[i].offset);

		labels[nr] = (struct metric_label){"cause", cause_metrics[i].word};
		if (s_of > 0)
			w->sink->value(w->sink, labels, nr + 1, s_of);
	}
}

static void write_causes(struct metric_writer *w)
{
	static const struct metric_family family = {
		"dcbs_section_self_seconds_total", "Time in which a section was the innermost open one, by what its threads did.",
		METRIC_COUNTER,
	};
	size_t i;

	w->sink->family(w->sink, &family);
	for (i = 0; i < w->report->nr_sections; i++)
		write_causes_of(w, &w->report->sections[i]);
	w->sink->end(w->sink);
}

void metrics_each(const struct dcbs_report *report, bool pid, struct metric_sink *sink)
{
	struct metric_writer w = {.report = report, .sink = sink};
	char digits[PID_DIGITS];
	size_t i;

	if (pid && report->nr_targets) {
		snprintf(digits, sizeof(digits), "%d", (int)report->targets[0].pid);
		w.pid = (struct metric_label){"pid", digits};
	}
	write_run(&w);
	write_lost(&w);
	write_durations(&w);
	write_causes(&w);
	for (i = 0; i < ARRAY_SIZE(section_metrics); i++)
		write_section_metric(&w, &section_metrics[i]);
	write_caches(&w);
}
