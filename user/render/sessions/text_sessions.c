// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_sessions.c - the sessions that were merged into a report: lines of the head, a table, and how far they differ in a section. */
#include <math.h>
#include <string.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/text_parts.h"
#include "render/unknown.h"

#define MOST_SESSIONS 16	/* rows, without --verbose */
#define NAME_COLUMNS 30
#define HOST_COLUMNS 20
#define WORTH_A_LINE 1.1	/* of slowest to fastest; with --verbose each has one */

void text_sessions_head(const struct text *t, int label_width)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_target *first = r->nr_targets ? r->targets : NULL;

	if (first)
		text_lines_beside(t, "target", label_width, "%s", first->command[0] ? first->command : first->comm);
	text_lines_beside(t, "window", label_width, "%s in %s sessions", human_time(r->duration_s).text,
			  human_exact((int64_t)r->nr_sessions).text);
}

static void write_session(const struct text *t, const struct dcbs_session *s)
{
	display_cell(t->file, s->name, text_lines_room(t, s->name, NAME_COLUMNS), DISPLAY_LEFT);
	fputc(' ', t->file);
	display_cell(t->file, s->host ? s->host : "-", HOST_COLUMNS, DISPLAY_LEFT);
	fprintf(t->file, " %9s %9s %11s\n", human_tight(human_time(s->duration_s)).text, human_count(s->processes).text,
		human_tight(human_size(unknown_to_nan(s->rss_peak_bytes))).text);
}

void text_sessions(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i, shown = t->verbose || r->nr_sessions <= MOST_SESSIONS ? r->nr_sessions : MOST_SESSIONS;

	if (!r->nr_sessions)
		return;
	text_lines_heading(t, "SESSIONS");
	fprintf(t->file, "%-*s %-*s %9s %9s %11s\n", NAME_COLUMNS, "session", HOST_COLUMNS, "host", "window", "processes", "peak memory");
	for (i = 0; i < shown; i++)
		write_session(t, &r->sessions[i]);
	if (shown < r->nr_sessions)
		text_lines_paragraph(t, "(%zu more)", r->nr_sessions - shown);
}

static void write_place(FILE *words, const struct dcbs_session *s, double mean_s)
{
	fputs(s->name, words);
	if (s->host)
		fprintf(words, " (host %s)", s->host);
	fprintf(words, ", mean %s", human_time(mean_s).text);
}

void text_session_skew(const struct text *t, FILE *words, const struct dcbs_session_skew *skew)
{
	const struct dcbs_report *r = t->report;

	if (skew->sessions < 2 || skew->slowest >= r->nr_sessions || skew->fastest >= r->nr_sessions ||
	    (!t->verbose && !(skew->ratio >= WORTH_A_LINE)))
		return;
	fprintf(words, "%sslowest session: ", ftell(words) ? "; " : "");
	write_place(words, &r->sessions[skew->slowest], skew->slowest_mean_s);
	fputs("; fastest: ", words);
	write_place(words, &r->sessions[skew->fastest], skew->fastest_mean_s);
	fprintf(words, "; %s times", human_number(skew->ratio).text);
}
