// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text.c - the report for people, in 80 columns: where the time and the memory went, and what to do about it. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/format.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_lines.h"
#include "render/text/text_parts.h"
#include "render/unknown.h"

#define WIDTH 80
#define WIDTH_LEAST 40
#define HEAD_LABEL 9	/* columns */
#define NAME_LABEL 16
#define LATEST 4e11	/* Unix time in the year 14645; a later time is not a date */
#define EXPENSIVE 0.001	/* of a section's time: a larger cost of profiling is worth a line */

/* ---- head ---- */

static const char *ended_by_words(enum dcbs_ended_by by)
{
	switch (by) {
	case DCBS_ENDED_DURATION: return "for the time asked for";
	case DCBS_ENDED_SIGNAL: return "until stopped by hand";
	case DCBS_ENDED_TARGET_EXIT: return "until the target exited";
	case DCBS_ENDED_COST: return "until profiling cost too much";
	default: return "still running";
	}
}

static void format_date(double unix_s, char *to, size_t size)
{
	time_t at = unix_s > 0 && unix_s < LATEST ? (time_t)unix_s : 0;
	struct tm tm;

	if (!at || !localtime_r(&at, &tm) || !strftime(to, size, "%Y-%m-%d %H:%M:%S %Z", &tm))
		snprintf(to, size, "an unknown time");
}

static void write_targets(const struct text *t)
{
	const struct dcbs_target *target;
	size_t i, children = 0;
	int used;

	for (i = 0; i < t->report->nr_targets; i++) {
		target = &t->report->targets[i];
		if (target->parent) {
			children++;
			continue;
		}
		display_cell(t->file, i ? "" : "target", HEAD_LABEL, DISPLAY_LEFT);
		used = HEAD_LABEL + fprintf(t->file, "%d ", (int)target->pid);
		display_short(t->file, target->command[0] ? target->command : target->comm, t->width - used);
		fputc('\n', t->file);
	}
	children += t->report->more_targets > 0 ? (size_t)t->report->more_targets : 0;
	if (children)
		text_lines_beside(t, "", HEAD_LABEL, "and %s process%s below",
				  human_exact((int64_t)children).text, children == 1 ? "" : "es");
}

static void write_report_head(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	char start[64];

	text_lines_paragraph(t, "dcbs-bpfprof %s", r->version);
	write_targets(t);
	format_date(r->started_at, start, sizeof(start));
	text_lines_beside(t, "window", HEAD_LABEL, "%s from %s, %s",
			  human_time(r->duration_s).text, start, ended_by_words(r->ended_by));
	text_ends(t, HEAD_LABEL);
	if (r->rss_start_bytes == DCBS_UNKNOWN && r->rss_end_bytes == DCBS_UNKNOWN && r->rss_peak_bytes == DCBS_UNKNOWN)
		return;
	text_lines_beside(t, "memory", HEAD_LABEL, "%s at the start, %s at the end, peak %s (RSS)",
			  human_size(unknown_to_nan(r->rss_start_bytes)).text, human_size(unknown_to_nan(r->rss_end_bytes)).text,
			  human_size(unknown_to_nan(r->rss_peak_bytes)).text);
}

/* ---- sections ---- */

static void add_detail(FILE *words, int64_t n, const char *label)
{
	if (n > 0)
		fprintf(words, "%s%s %s", ftell(words) ? "; " : "", human_exact(n).text, label);
}

static void write_process_time(FILE *words, const struct dcbs_process_time *p, const char *which)
{
	fprintf(words, "%d %s, ", (int)p->pid, which);
	if (!isnan(p->mean_s))
		fprintf(words, "mean %s", human_time(p->mean_s).text);
	else
		fprintf(words, "%s in all", human_time(p->total_s).text);
	if (!isnan(p->mean_wait_s))
		fprintf(words, ", mean wait %s", human_time(p->mean_wait_s).text);
}

static void write_skew(FILE *words, const struct dcbs_skew *s)
{
	if (s->processes < 2)
		return;
	fprintf(words, "%s%s processes: ", ftell(words) ? "; " : "", human_exact(s->processes).text);
	write_process_time(words, &s->slowest, "slowest");
	fputs("; ", words);
	write_process_time(words, &s->fastest, "fastest");
	if (!isnan(s->ratio))
		fprintf(words, "; %s times", human_number(s->ratio).text);
}

/* Facts for which the table has no column; most sections have none of them. */
static void write_details(const struct text *t, const struct dcbs_section *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	add_detail(words, s->open, "still open at the end");
	add_detail(words, s->open_at_start, "open at the start");
	add_detail(words, s->unreturned, "ended without a return");
	add_detail(words, s->errors, s->errors == 1 ? "error" : "errors");
	add_detail(words, s->cancelled, "cancelled");
	add_detail(words, s->items, s->items == 1 ? "item" : "items");
	if (s->items > 0 && !isnan(s->items_per_s))
		fprintf(words, ", %s/s", human_number(s->items_per_s).text);
	if (s->unseen_s > 0)
		fprintf(words, "%sat least; up to %s more: stacks too deep to be seen whole", ftell(words) ? "; " : "",
			human_time_within(s->unseen_s, s->error_s).text);
	write_skew(words, &s->skew);
	if (!fclose(words) && len)
		text_lines_beside(t, "", 4, "%s", text);
	free(text);
}

static void write_sections(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	struct table table;
	size_t i;

	text_lines_heading(t, "SECTIONS");
	if (!table_nr_sections(r)) {
		text_lines_paragraph(t, "No section ended in the window, and none was open.");
		return;
	}
	table_fit(&table, TABLE_TIMES, r, t->width);
	table_titles(&table, t->file);
	fputc('\n', t->file);
	for (i = 0; i < r->nr_sections; i++) {
		table_row(&table, t->file, &r->sections[i], r->duration_s);
		fputc('\n', t->file);
		write_details(t, &r->sections[i]);
	}
}

/* ---- model and caches ---- */

static void write_times(const struct text *t, const char *label, const struct dcbs_model_times *m)
{
	if (m->count <= 0)
		return;
	text_lines_beside(t, label, NAME_LABEL, "%s in %s; mean %s, min %s, max %s", human_exact(m->count).text,
			  human_time(m->total_s).text, human_time(m->mean_s).text, human_time(m->min_s).text,
			  human_time(m->max_s).text);
	if (m->tokens > 0)
		text_lines_beside(t, "", NAME_LABEL, "%s tokens, %s/s", human_exact(m->tokens).text,
				  human_number(m->tokens_per_s).text);
}

static void write_model(const struct text *t)
{
	const struct dcbs_model_summary *m = &t->report->model;

	if (m->forward_pass.count <= 0 && m->generation.count <= 0 && isnan(m->peak_memory_bytes))
		return;
	text_lines_heading(t, "MODEL");
	write_times(t, "forward pass", &m->forward_pass);
	write_times(t, "generation", &m->generation);
	if (!isnan(m->peak_memory_bytes))
		text_lines_beside(t, "memory", NAME_LABEL, "peak %s, mean %s, min %s (RSS after each call)",
				  human_size(m->peak_memory_bytes).text, human_size(m->mean_memory_bytes).text,
				  human_size(m->min_memory_bytes).text);
}

static void write_cache(const struct text *t, const struct dcbs_cache_summary *c)
{
	const char *label = c->name;

	if (c->total_accesses > 0) {
		text_lines_beside(t, label, NAME_LABEL, "%s hits: %s of %s accesses, %s missed", human_share(c->hit_rate).text,
				  human_exact(c->hits).text, human_exact(c->total_accesses).text, human_exact(c->misses).text);
		text_lines_beside(t, "", NAME_LABEL, "an access: mean %s, p50 %s, p99 %s, max %s", human_time(c->mean_s).text,
				  human_time(c->p50_s).text, human_time(c->p99_s).text, human_time(c->max_s).text);
		label = "";
	}
	if (!isnan(c->current_size_bytes))
		text_lines_beside(t, label, NAME_LABEL, "size: %s now, mean %s, max %s", human_size(c->current_size_bytes).text,
				  human_size(c->mean_size_bytes).text, human_size(c->max_size_bytes).text);
}

static void write_caches(const struct text *t)
{
	size_t i;

	if (t->report->nr_caches)
		text_lines_heading(t, "CACHES");
	for (i = 0; i < t->report->nr_caches; i++)
		write_cache(t, &t->report->caches[i]);
}

/* ---- bottlenecks ---- */

static void write_verdict(const struct text *t, const struct dcbs_bottleneck *b, const char *label)
{
	const char *cause = cause_word(b->cause);
	char share[64] = "";

	if (!isnan(b->share))
		snprintf(share, sizeof(share), ", %s of the window", human_share(b->share).text);
	text_lines_beside(t, label, 5, "%s: %s%s%s%s", b->section, human_time(b->total_s).text, share, cause ? "; cause: " : "",
			  cause ? cause : "");
}

static void write_bottleneck(const struct text *t, const struct dcbs_bottleneck *b, size_t number)
{
	char label[32];

	snprintf(label, sizeof(label), "%3zu.", number);
	write_verdict(t, b, label);
	if (b->evidence)
		text_lines_beside(t, "", 5, "%s", b->evidence);
	if (b->suggestion)
		text_lines_beside(t, "", 5, "What to do: %s.", b->suggestion);
}

static void write_bottlenecks(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	if (!r->nr_sections && !r->nr_caches)
		return;
	text_lines_heading(t, "BOTTLENECKS");
	if (!r->nr_bottlenecks)
		text_lines_paragraph(t, "Nothing took %s or more.", human_time(r->threshold_s).text);
	else
		text_lines_paragraph(t, "Sections and caches that took %s or more, including calls they made:",
				     human_time(r->threshold_s).text);
	for (i = 0; i < r->nr_bottlenecks; i++)
		write_bottleneck(t, &r->bottlenecks[i], i + 1);
}

/* ---- cost of profiling, losses, notes ---- */

/* The section in whose time the share of profiling is largest. */
static void write_most_expensive(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_section *most = NULL, *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (s->count > 0 && s->profiling_s > EXPENSIVE * s->total_s &&
		    (!most || s->profiling_s / s->total_s > most->profiling_s / most->total_s))
			most = s;
	if (most)
		text_lines_paragraph(t, "Most expensive in %s: %s a call, %s in all, %s of its time.", most->name,
				     human_time(most->profiling_per_call_s).text, human_time(most->profiling_s).text,
				     human_share(most->profiling_s / most->total_s).text);
}

static void write_overhead(const struct text *t)
{
	const struct dcbs_overhead *o = &t->report->overhead;

	if (isnan(o->target_cpu_share))
		text_lines_paragraph(t, "Profiling cost: unknown.");
	else if (isnan(o->ns_per_section))
		text_lines_paragraph(t, "Profiling cost: %s of one CPU.", human_share(o->target_cpu_share).text);
	else
		text_lines_paragraph(t, "Profiling cost: %s of one CPU; %s a section (%s probe hits of %s each).",
				     human_share(o->target_cpu_share).text, human_time(o->ns_per_section * 1e-9).text,
				     human_exact(o->flushes).text, human_time(o->ns_per_flush * 1e-9).text);
	write_most_expensive(t);
	if (o->profiler_rss_bytes > 0 && o->maps_bytes > 0 && o->thread_bytes > 0)
		text_lines_paragraph(t, "Memory of the profiler: %s; of its maps in the kernel: %s, and %s for each "
				     "thread of the target.",
				     human_size((double)o->profiler_rss_bytes).text, human_size((double)o->maps_bytes).text,
				     human_size((double)o->thread_bytes).text);
}

static void write_loss(const struct text *t, int64_t n, const char *explanation)
{
	if (n > 0)
		text_lines_beside(t, "Lost:", 6, "%s %s", human_exact(n).text, explanation);
}

static void write_lost(const struct text *t)
{
	const struct dcbs_lost *l = &t->report->lost;

	write_loss(t, l->sections, "calls that could not be timed: nested too deep, ended twice or never begun, or over before "
		   "their process could be attached to. They are not counted above.");
	write_loss(t, l->processes, "child processes that were not followed: too many at one time. They are not counted above.");
	write_loss(t, l->records, "finished calls that were overwritten or damaged before they could be read. Counts and "
		   "totals above are too low by these.");
	write_loss(t, l->samples, "samples of the stack. Shares of functions are less exact.");
	write_loss(t, l->stacks, "stacks, those of waits included, that could not be read to the end. Functions there are not named.");
	write_loss(t, l->names, "names for which there was no room. Their sections are together in \"(other)\".");
}

static void write_tail(const struct text *t)
{
	size_t i;

	fputc('\n', t->file);
	write_overhead(t);
	for (i = 0; i < t->report->overhead.nr_reduced; i++)
		text_lines_beside(t, "Reduced:", 9, "%s", t->report->overhead.reduced[i]);
	write_lost(t);
	for (i = 0; i < t->report->nr_notes; i++)
		text_lines_beside(t, "Note:", 6, "%s", t->report->notes[i]);
}

int text_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	int width = options->width > 0 ? options->width : WIDTH;
	const struct text t = {file, report, width < WIDTH_LEAST ? WIDTH_LEAST : width};

	write_report_head(&t);
	write_sections(&t);
	text_processes(&t);
	text_why(&t);
	text_loops(&t);
	text_functions(&t, options->order);
	text_operators(&t);
	text_memory(&t);
	write_model(&t);
	write_caches(&t);
	write_bottlenecks(&t);
	write_tail(&t);
	return 0;
}
