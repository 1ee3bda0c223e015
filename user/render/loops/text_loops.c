// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_loops.c - event loops: how busy they are, how long they are held, and by which functions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/text_parts.h"

#define MOST_LOOPS 8
#define MOST_HOLDERS 5
#define SMALL 0.02	/* of the time for which a loop is held, or waits: a part that is less is not shown, but for the first function */
#define TIME_WIDTH 6
#define SHARE_WIDTH 6
#define INDENT 4

/* The result is freed by the caller; NULL: no memory. */
static char *function_with_place(const struct dcbs_loop_holder *h)
{
	const char *slash = h->file ? strrchr(h->file, '/') : NULL, *file = slash ? slash + 1 : h->file;
	char *text = NULL;
	int len;

	if (!file)
		return strdup(h->function);
	if (h->hot_line == DCBS_UNKNOWN)
		len = asprintf(&text, "%s (%s)", h->function, file);
	else
		len = asprintf(&text, "%s (%s:%lld)", h->function, file, (long long)h->hot_line);
	return len < 0 ? NULL : text;
}

static void write_holder(const struct text *t, const struct dcbs_loop_holder *h)
{
	char *place = function_with_place(h);

	fprintf(t->file, "%*s", INDENT, "");
	display_cell(t->file, human_tight(human_time_within(h->held_s, h->error_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	display_cell(t->file, human_share(h->share).text, SHARE_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	display_cell(t->file, isnan(h->step_s) ? "-" : human_tight(human_time(h->step_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	display_short(t->file, place ? place : "", t->width - INDENT - 2 * (TIME_WIDTH + 1) - SHARE_WIDTH - 1);
	fputc('\n', t->file);
	free(place);
}

static void write_holders(const struct text *t, const struct dcbs_event_loop *loop)
{
	size_t i;

	if (!loop->nr_holders)
		return;
	fprintf(t->file, "%*s%*s %*s %*s held by\n", INDENT, "", TIME_WIDTH, "time", SHARE_WIDTH, "share", TIME_WIDTH, "step");
	for (i = 0; i < loop->nr_holders && i < MOST_HOLDERS; i++)
		if (!i || loop->holders[i].share >= SMALL)
			write_holder(t, &loop->holders[i]);
}

static void add_wait(FILE *to, double part_s, const struct dcbs_event_loop *loop, const char *what)
{
	if (part_s >= SMALL * loop->waited_s)
		fprintf(to, "%s %s %s", ftell(to) ? "," : "", human_share(part_s / loop->waited_s).text, what);
}

/* By what ended the waits in the selector; parts below 2 % are left out. */
static void write_waits(const struct text *t, const struct dcbs_event_loop *loop)
{
	double rest_s = loop->waited_s - loop->network_s - loop->timer_s - loop->thread_s - loop->pipe_s;
	char *words = NULL;
	size_t len;
	FILE *to = loop->waited_s > 0 && !isnan(rest_s) ? open_memstream(&words, &len) : NULL;

	if (!to)
		return;
	add_wait(to, loop->network_s, loop, "for the network");
	add_wait(to, loop->timer_s, loop, "for timers");
	add_wait(to, loop->thread_s, loop, "for other threads");
	add_wait(to, loop->pipe_s, loop, "for pipes and child processes");
	add_wait(to, rest_s, loop, "for something else");
	if (!fclose(to) && len)
		text_lines_beside(t, "", INDENT, "waited %s:%s", human_time(loop->waited_s).text, words);
	free(words);
}

static void write_loop(const struct text *t, const struct dcbs_event_loop *loop)
{
	text_lines_beside(t, "", 0, "%s %d: busy %s of %s; %s coroutines in flight on average, at most %s", loop->name, (int)loop->tid,
			  human_share(loop->busy_share).text, human_time(loop->held_s + loop->waited_s).text,
			  human_number(loop->in_flight).text, human_exact(loop->in_flight_most).text);
	write_waits(t, loop);
	if (loop->holds > 0)
		text_lines_beside(t, "", INDENT, "held between two waits: p50 %s, p99 %s, max %s, with %s in flight",
				  human_time(loop->hold_p50_s).text, human_time(loop->hold_p99_s).text, human_time(loop->hold_max_s).text,
				  human_exact(loop->hold_in_flight).text);
	if (loop->step_max_s > 0)
		text_lines_beside(t, "", INDENT, "longest step: at least %s, with %s in flight", human_time(loop->step_max_s).text,
				  human_exact(loop->step_in_flight).text);
	write_holders(t, loop);
}

void text_loops(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	if (!r->nr_event_loops)
		return;
	text_lines_heading(t, r->nr_event_loops == 1 ? "EVENT LOOP" : "EVENT LOOPS");
	for (i = 0; i < r->nr_event_loops && i < MOST_LOOPS; i++)
		write_loop(t, &r->event_loops[i]);
	if (i < r->nr_event_loops || r->more_event_loops > 0)
		text_lines_paragraph(t, "(%lld more event loops)", (long long)(r->nr_event_loops - i) + (long long)r->more_event_loops);
	text_lines_paragraph(t, "A loop is held from the end of a wait in its selector to the next one; a selector that finds a file ready does not "
			     "wait. A step is one callback. time: by samples.");
}
