// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text.c - the report for people: what took the time, in 80 columns. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "render/cause.h"
#include "render/text/display.h"
#include "render/render.h"
#include "render/text/table.h"
#include "render/text/text.h"
#include "base/human.h"

#define WIDTH 80
#define WIDTH_LEAST 40
#define HEAD_LABEL 9	/* columns */
#define NAME_LABEL 16
#define LATEST 4e11	/* Unix time in the year 14645: what is later is no date */

void text_beside(const struct text *t, const char *label, int label_width, const char *fmt, ...)
{
	char *words;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&words, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	if (label_width) {
		display_cell(t->file, label, label_width - 1, DISPLAY_LEFT);
		fputc(' ', t->file);
	}
	display_wrap(t->file, words, t->width, label_width, label_width);
	free(words);
}

size_t text_sections(const struct dcbs_report *r)
{
	const struct dcbs_section *last = r->nr_sections ? &r->sections[r->nr_sections - 1] : NULL;

	return r->nr_sections - (last && last->count == DCBS_UNKNOWN && !strcmp(last->name, DCBS_OUTSIDE));
}

/* ---- head ---- */

static const char *until(enum dcbs_ended_by by)
{
	switch (by) {
	case DCBS_ENDED_DURATION: return "for the time asked for";
	case DCBS_ENDED_SIGNAL: return "until stopped by hand";
	case DCBS_ENDED_TARGET_EXIT: return "until the target exited";
	case DCBS_ENDED_COST: return "until it cost too much";
	default: return "and going on";
	}
}

static void when(double unix_s, char *to, size_t size)
{
	time_t at = unix_s > 0 && unix_s < LATEST ? (time_t)unix_s : 0;
	struct tm tm;

	if (!at || !localtime_r(&at, &tm) || !strftime(to, size, "%Y-%m-%d %H:%M:%S %Z", &tm))
		snprintf(to, size, "a time unknown");
}

static void put_targets(const struct text *t)
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
		text_beside(t, "", HEAD_LABEL, "and %s process%s below", human_exact((int64_t)children).text, children == 1 ? "" : "es");
}

static double known(int64_t bytes)
{
	return bytes == DCBS_UNKNOWN ? NAN : (double)bytes;
}

static void put_head(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	char start[64];

	text_beside(t, "", 0, "dcbs-bpfprof %s", r->version);
	put_targets(t);
	when(r->started_at, start, sizeof(start));
	text_beside(t, "window", HEAD_LABEL, "%s from %s, %s", human_time(r->duration_s).text, start, until(r->ended_by));
	if (isnan(known(r->rss_start_bytes)) && isnan(known(r->rss_end_bytes)) && isnan(known(r->rss_peak_bytes)))
		return;
	text_beside(t, "memory", HEAD_LABEL, "%s at the start, %s at the end, peak %s (RSS)",
	       human_size(known(r->rss_start_bytes)).text, human_size(known(r->rss_end_bytes)).text,
	       human_size(known(r->rss_peak_bytes)).text);
}

/* ---- sections ---- */

static void detail(FILE *words, int64_t n, const char *what)
{
	if (n > 0)
		fprintf(words, "%s%s %s", ftell(words) ? "; " : "", human_exact(n).text, what);
}

static void put_skew(FILE *words, const struct dcbs_skew *s)
{
	if (s->processes < 2)
		return;
	fprintf(words, "%s%s processes: %d slowest, mean %s", ftell(words) ? "; " : "", human_exact(s->processes).text, (int)s->slowest.pid,
		human_time(s->slowest.mean_s).text);
	fprintf(words, "; %d fastest, mean %s", (int)s->fastest.pid, human_time(s->fastest.mean_s).text);
	if (!isnan(s->ratio))
		fprintf(words, "; %s times", human_number(s->ratio).text);
}

/* What a line of the table has no column for; most sections have none of it. */
static void put_details(const struct text *t, const struct dcbs_section *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	detail(words, s->open, "still open at the end");
	detail(words, s->open_at_start, "open at the start");
	detail(words, s->errors, s->errors == 1 ? "error" : "errors");
	detail(words, s->items, s->items == 1 ? "item" : "items");
	if (s->items > 0 && !isnan(s->items_per_s))
		fprintf(words, ", %s/s", human_number(s->items_per_s).text);
	put_skew(words, &s->skew);
	if (!fclose(words) && len)
		text_beside(t, "", 4, "%s", text);
	free(text);
}

static void put_sections(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	struct table table;
	size_t i;

	fprintf(t->file, "\nSECTIONS\n");
	if (!text_sections(r)) {
		text_beside(t, "", 0, "No section ended while we watched, and none was open.");
		return;
	}
	table_fit(&table, TABLE_TIMES, r, t->width);
	table_titles(&table, t->file);
	fputc('\n', t->file);
	for (i = 0; i < r->nr_sections; i++) {
		table_row(&table, t->file, &r->sections[i], r->duration_s);
		fputc('\n', t->file);
		put_details(t, &r->sections[i]);
	}
}

/* ---- model and caches ---- */

static void put_times(const struct text *t, const char *what, const struct dcbs_model_times *m)
{
	if (m->count <= 0)
		return;
	text_beside(t, what, NAME_LABEL, "%s in %s; mean %s, min %s, max %s", human_exact(m->count).text,
	       human_time(m->total_s).text, human_time(m->mean_s).text, human_time(m->min_s).text,
	       human_time(m->max_s).text);
	if (m->tokens > 0)
		text_beside(t, "", NAME_LABEL, "%s tokens, %s/s", human_exact(m->tokens).text,
		       human_number(m->tokens_per_s).text);
}

static void put_model(const struct text *t)
{
	const struct dcbs_model_summary *m = &t->report->model;

	if (m->forward_pass.count <= 0 && m->generation.count <= 0 && isnan(m->peak_memory_bytes))
		return;
	fprintf(t->file, "\nMODEL\n");
	put_times(t, "forward pass", &m->forward_pass);
	put_times(t, "generation", &m->generation);
	if (!isnan(m->peak_memory_bytes))
		text_beside(t, "memory", NAME_LABEL, "peak %s, mean %s, min %s (RSS after each call)",
		       human_size(m->peak_memory_bytes).text, human_size(m->mean_memory_bytes).text,
		       human_size(m->min_memory_bytes).text);
}

static void put_cache(const struct text *t, const struct dcbs_cache_summary *c)
{
	const char *label = c->name;

	if (c->total_accesses > 0) {
		text_beside(t, label, NAME_LABEL, "%s hits: %s of %s accesses, %s missed", human_share(c->hit_rate).text,
		       human_exact(c->hits).text, human_exact(c->total_accesses).text, human_exact(c->misses).text);
		text_beside(t, "", NAME_LABEL, "an access: mean %s, p50 %s, p99 %s, max %s", human_time(c->mean_s).text,
		       human_time(c->p50_s).text, human_time(c->p99_s).text, human_time(c->max_s).text);
		label = "";
	}
	if (!isnan(c->current_size_bytes))
		text_beside(t, label, NAME_LABEL, "size: %s now, mean %s, max %s", human_size(c->current_size_bytes).text,
		       human_size(c->mean_size_bytes).text, human_size(c->max_size_bytes).text);
}

static void put_caches(const struct text *t)
{
	size_t i;

	if (t->report->nr_caches)
		fprintf(t->file, "\nCACHES\n");
	for (i = 0; i < t->report->nr_caches; i++)
		put_cache(t, &t->report->caches[i]);
}

/* ---- bottlenecks ---- */

static void put_verdict(const struct text *t, const struct dcbs_bottleneck *b, const char *label)
{
	const char *cause = cause_word(b->cause);
	char share[64] = "";

	if (!isnan(b->share))
		snprintf(share, sizeof(share), ", %s of the window", human_share(b->share).text);
	text_beside(t, label, 5, "%s: %s%s%s%s", b->section, human_time(b->total_s).text, share, cause ? "; cause: " : "",
		    cause ? cause : "");
}

static void put_bottleneck(const struct text *t, const struct dcbs_bottleneck *b, size_t number)
{
	char label[32];

	snprintf(label, sizeof(label), "%3zu.", number);
	put_verdict(t, b, label);
	if (b->evidence)
		text_beside(t, "", 5, "%s", b->evidence);
	if (b->suggestion)
		text_beside(t, "", 5, "What to do: %s.", b->suggestion);
}

static void put_bottlenecks(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	if (!r->nr_sections && !r->nr_caches)
		return;
	fprintf(t->file, "\nBOTTLENECKS\n");
	if (!r->nr_bottlenecks)
		text_beside(t, "", 0, "Nothing took %s or more.", human_time(r->threshold_s).text);
	else
		text_beside(t, "", 0, "What took %s or more, counting what it called:", human_time(r->threshold_s).text);
	for (i = 0; i < r->nr_bottlenecks; i++)
		put_bottleneck(t, &r->bottlenecks[i], i + 1);
}

/* ---- what it cost, what is missing ---- */

/* The section of whose time profiling is the largest part, where that is worth a word. */
static void put_dearest(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_section *most = NULL, *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (s->count > 0 && s->profiling_s > 0.001 * s->total_s && (!most || s->profiling_s / s->total_s > most->profiling_s / most->total_s))
			most = s;
	if (most)
		text_beside(t, "", 0, "Dearest in %s: %s a call, %s in all, %s of its time.", most->name,
			    human_time(most->profiling_per_call_s).text, human_time(most->profiling_s).text,
			    human_share(most->profiling_s / most->total_s).text);
}

static void put_overhead(const struct text *t)
{
	const struct dcbs_overhead *o = &t->report->overhead;

	if (isnan(o->target_cpu_share))
		text_beside(t, "", 0, "Profiling cost: unknown.");
	else if (isnan(o->ns_per_section))
		text_beside(t, "", 0, "Profiling cost: %s of one CPU.", human_share(o->target_cpu_share).text);
	else
		text_beside(t, "", 0, "Profiling cost: %s of one CPU; %s a section (%s probe hits of %s each).",
		       human_share(o->target_cpu_share).text, human_time(o->ns_per_section * 1e-9).text,
		       human_exact(o->flushes).text, human_time(o->ns_per_flush * 1e-9).text);
	put_dearest(t);
	if (o->profiler_rss_bytes > 0 && o->maps_bytes > 0 && o->thread_bytes > 0)
		text_beside(t, "", 0, "Memory of the profiler: %s; of its maps in the kernel: %s, and %s for each thread of the target.",
			    human_size((double)o->profiler_rss_bytes).text, human_size((double)o->maps_bytes).text,
			    human_size((double)o->thread_bytes).text);
}

static void put_loss(const struct text *t, int64_t n, const char *what)
{
	if (n > 0)
		text_beside(t, "Lost:", 6, "%s %s", human_exact(n).text, what);
}

static void put_lost(const struct text *t)
{
	const struct dcbs_lost *l = &t->report->lost;

	put_loss(t, l->sections, "calls that could not be timed: nested too deep, ended twice or never begun, or over before "
		 "their process could be attached to. They are in no figure above.");
	put_loss(t, l->processes, "child processes that were not followed: too many at a time. They are in no figure above.");
	put_loss(t, l->records, "finished calls that were overwritten or damaged before they could be read. Counts and "
		 "totals above are too low by these.");
	put_loss(t, l->samples, "samples of the stack. Shares of functions are less exact.");
	put_loss(t, l->stacks, "stacks that could not be read. Their functions are not named.");
	put_loss(t, l->names, "names for which there was no room. Their sections are together in \"(other)\".");
}

static void put_tail(const struct text *t)
{
	size_t i;

	fputc('\n', t->file);
	put_overhead(t);
	for (i = 0; i < t->report->overhead.nr_reduced; i++)
		text_beside(t, "Reduced:", 9, "%s", t->report->overhead.reduced[i]);
	put_lost(t);
	for (i = 0; i < t->report->nr_notes; i++)
		text_beside(t, "Note:", 6, "%s", t->report->notes[i]);
}

int text_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	int width = options->width > 0 ? options->width : WIDTH;
	const struct text t = {file, report, width < WIDTH_LEAST ? WIDTH_LEAST : width};

	put_head(&t);
	put_sections(&t);
	text_processes(&t);
	text_why(&t);
	text_functions(&t, options->order);
	text_memory(&t);
	put_model(&t);
	put_caches(&t);
	put_bottlenecks(&t);
	put_tail(&t);
	return 0;
}
