// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text.c - the report for people: first the answer, then the sections and a verdict for each chain, then what digging needs. */
#include <errno.h>
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

#define WIDTH 100		/* if the reader is no terminal */
#define WIDTH_LEAST 40
#define HEAD_LABEL 9	/* columns */
#define LATEST 4e11	/* Unix time in the year 14645; a later time is not a date */
#define EXPENSIVE 0.05	/* of a section's time: a larger cost of profiling is worth a line, with --verbose one of ... */
#define MEASURABLE 0.001	/* ... this part */

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
	const char *name;
	int used;

	for (i = 0; i < t->report->nr_targets; i++) {
		target = &t->report->targets[i];
		if (target->parent) {
			children++;
			continue;
		}
		display_cell(t->file, i ? "" : "target", HEAD_LABEL, DISPLAY_LEFT);
		used = HEAD_LABEL + fprintf(t->file, "%d ", (int)target->pid);
		name = target->command[0] ? target->command : target->comm;
		display_short(t->file, name, text_lines_room(t, name, t->width - used));
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
	if (r->nr_sessions) {
		text_sessions_head(t, HEAD_LABEL);
		return;
	}
	write_targets(t);
	format_date(r->started_at, start, sizeof(start));
	text_lines_beside(t, "window", HEAD_LABEL, "%s from %s, %s",
			  human_time(r->duration_s).text, start, ended_by_words(r->ended_by));
	text_ends(t, HEAD_LABEL);
}

/* ---- model and caches ---- */

static void add_calls(FILE *words, const struct dcbs_model_times *m, const char *one, const char *several)
{
	if (m->count <= 0)
		return;
	fprintf(words, "%s%s %s in %s", ftell(words) ? "; " : "", human_exact(m->count).text, m->count == 1 ? one : several,
		human_time(m->total_s).text);
	if (m->tokens > 0)
		fprintf(words, "; %s tokens, %s/s", human_exact(m->tokens).text, human_number(m->tokens_per_s).text);
}

static void write_model(const struct text *t)
{
	const struct dcbs_model_summary *m = &t->report->model;
	char *text = NULL;
	size_t len;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	add_calls(words, &m->forward_pass, "forward pass", "forward passes");
	add_calls(words, &m->generation, "generation", "generations");
	if (!isnan(m->peak_memory_bytes))
		fprintf(words, "%sRSS after a call: mean %s, peak %s", ftell(words) ? "; " : "", human_size(m->mean_memory_bytes).text,
			human_size(m->peak_memory_bytes).text);
	if (!fclose(words) && len) {
		text_lines_heading(t, "MODEL");
		text_lines_paragraph(t, "%s", text);
	}
	free(text);
}

/* Hits and misses are timed together: the misses took at least their part, if a miss is no faster than a hit. */
static void add_accesses(FILE *words, const struct dcbs_cache_summary *c)
{
	fprintf(words, "%s hits, %s of %s missed", human_share(c->hit_rate).text, human_exact(c->misses).text,
		human_exact(c->total_accesses).text);
	if (c->misses > 0)
		fprintf(words, " (≥ %s)", human_time(c->mean_s * (double)c->misses).text);
	fprintf(words, "; access %s, p99 %s", human_time(c->mean_s).text, human_time(c->p99_s).text);
}

static void write_cache(const struct text *t, const struct dcbs_cache_summary *c)
{
	char *text = NULL;
	size_t len;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	if (c->total_accesses > 0)
		add_accesses(words, c);
	if (!isnan(c->current_size_bytes))
		fprintf(words, "%s%s", ftell(words) ? "; " : "", human_size(c->current_size_bytes).text);
	if (c->max_size_bytes > c->current_size_bytes)
		fprintf(words, ", %s at most", human_size(c->max_size_bytes).text);
	if (!fclose(words) && len)
		text_lines_paragraph(t, "%s: %s", c->name, text);
	free(text);
}

static void write_caches(const struct text *t)
{
	size_t i;

	if (t->report->nr_caches)
		text_lines_heading(t, "CACHES");
	for (i = 0; i < t->report->nr_caches; i++)
		write_cache(t, &t->report->caches[i]);
}

/* ---- cost of profiling, losses, notes ---- */

/* The section in whose time the share of profiling is largest. */
static void write_most_expensive(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	double least = t->verbose ? MEASURABLE : EXPENSIVE;
	const struct dcbs_section *most = NULL, *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (s->count > 0 && s->profiling_s > least * s->total_s &&
		    (!most || s->profiling_s / s->total_s > most->profiling_s / most->total_s))
			most = s;
	if (most)
		text_lines_paragraph(t, "Profiling cost most in %s: %s a call, %s in all, %s of its time.", most->name,
				     human_time(most->profiling_per_call_s).text, human_time(most->profiling_s).text,
				     human_share(most->profiling_s / most->total_s).text);
}

/* The line of the answer has the sum. */
static void write_overhead(const struct text *t)
{
	const struct dcbs_overhead *o = &t->report->overhead;

	if (t->verbose && !isnan(o->ns_per_section))
		text_lines_paragraph(t, "Profiling cost %s a section (%s probe hits of %s each).", human_time(o->ns_per_section * 1e-9).text,
				     human_exact(o->flushes).text, human_time(o->ns_per_flush * 1e-9).text);
	write_most_expensive(t);
	if (t->verbose && o->answers > 0)
		text_lines_paragraph(t, "The target asked for its own figures, and waited %s for %s answer%s.",
				     human_time(o->answers_s).text, human_exact(o->answers).text, o->answers == 1 ? "" : "s");
	if (t->verbose && o->profiler_rss_bytes > 0 && o->maps_bytes > 0 && o->thread_bytes > 0)
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

	write_overhead(t);
	for (i = 0; i < t->report->overhead.nr_reduced; i++)
		text_lines_beside(t, "Reduced:", 9, "%s", t->report->overhead.reduced[i]);
	write_lost(t);
	for (i = 0; i < t->report->nr_notes; i++)
		text_lines_beside(t, "Note:", 6, "%s", t->report->notes[i]);
}

/* The tail begins with an empty line, if there is one. */
static void write_tail_apart(const struct text *t)
{
	struct text tail = *t;
	char *words = NULL;
	size_t len;

	tail.file = open_memstream(&words, &len);
	if (!tail.file)
		return;
	write_tail(&tail);
	if (!fclose(tail.file) && len)
		fprintf(t->file, "\n%s", words);
	free(words);
}

int text_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	int width = options->width > 0 ? options->width : WIDTH;
	struct text t = {
		.file = file, .report = report, .width = width < WIDTH_LEAST ? WIDTH_LEAST : width, .whole_names = options->width <= 0,
		.colour = options->colour, .verbose = options->verbose, .flat = options->flat,
	};

	if (!section_tree_build(&t.tree, report, false))
		return -ENOMEM;
	t.verdict = text_answer_verdict(&t);
	write_report_head(&t);
	text_answer(&t, HEAD_LABEL);
	text_sections(&t);
	text_outside(&t);
	text_trends(&t);
	text_verdicts(&t);
	text_loops(&t);
	text_awaiting(&t);
	text_functions(&t, options->order);
	text_operators(&t);
	text_slowest(&t);
	text_gpu(&t);
	text_memory(&t);
	write_model(&t);
	write_caches(&t);
	text_sessions(&t);
	text_processes(&t);
	text_threads(&t);
	write_tail_apart(&t);
	section_tree_free(&t.tree);
	return 0;
}
