// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * live.c - the live table, with ncurses on the alternate screen.
 *
 * The caller handles signals: Ctrl-C is a signal here, not a key. The terminal's size is read at every refresh, so that
 * it does not matter which code handles SIGWINCH.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/live.h"
#include "render/live/live_interval.h"
#include "render/live/live_lines.h"
#include "render/live/live_panes.h"
#include "render/live/live_table.h"
#include "render/live/live_view.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/utf8_locale.h"

#define HEAD_LINES 3	/* the state of the session, an empty line, the titles */
#define NARROW 80	/* columns: a narrower terminal has the keys alone on the first line */
#define VERDICT_LINES 12	/* lines that it must have to show a verdict on the last one */
#define LATELY_S 5	/* a process that has started or exited is named for this long */

struct live {
	FILE *keys;
	SCREEN *screen;
	struct live_view view;
	struct live_interval interval;
};

/* The terminal stops a background process that draws, with SIGTTOU. */
static bool in_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

static int take_screen(struct live *l)
{
	if (!isatty(STDERR_FILENO))
		return -ENOTTY;
	l->keys = fopen("/dev/tty", "re");
	if (!l->keys || !in_foreground(fileno(l->keys)))
		return -ENOTTY;
	l->screen = newterm(NULL, stderr, l->keys);
	if (!l->screen)
		return -ENOTTY;
	set_term(l->screen);
	use_legacy_coding(0);	/* else ncurses goes by the process's locale, not the thread's, and shows bytes under C */
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	return 0;
}

int live_open(struct live **live)
{
	struct live *l = calloc(1, sizeof(*l));
	locale_t before;
	int err;

	if (!l)
		return -ENOMEM;
	before = utf8_locale_begin();
	err = take_screen(l);
	utf8_locale_end(before);
	if (err) {
		if (l->keys)
			fclose(l->keys);
		free(l);
		return err;
	}
	*live = l;
	return 0;
}

static void follow_size(void)
{
	struct winsize size;

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
}

static void show_head(const struct live *l, const struct dcbs_report *r)
{
	struct live_line line;
	const char *command = "";

	if (r->nr_targets)
		command = r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm;
	if (!live_line_begin(&line))
		return;
	fprintf(line.file, "%s  %s  ", human_time(r->duration_s).text, COLS < NARROW ? "q: stop  ?: help" : "q: stop and report  ?: help  *: open now");
	if (l->view.paused)
		fputs("PAUSED  ", line.file);
	if (l->view.sort != LIVE_BY_TOTAL)
		fprintf(line.file, "by %s  ", live_view_sort_word(&l->view));
	if (r->nr_targets == 1)
		fprintf(line.file, "%d ", (int)r->targets[0].pid);
	else
		fprintf(line.file, "%zu targets: ", r->nr_targets);
	fflush(line.file);
	display_short(line.file, command, COLS - display_width(line.text));
	live_line_draw_shortened(&line, 0);
}

static void write_recent(FILE *file, const struct dcbs_report *r, bool exited)
{
	double now = r->started_at + r->duration_s;
	size_t i;

	for (i = r->nr_targets; i-- > 0;) {
		const struct dcbs_target *p = &r->targets[i];
		double at = exited ? p->ended_at : p->started_at;

		if (p->parent && now - at < LATELY_S && at > r->started_at)
			fprintf(file, "  %c%d %s", exited ? '-' : '+', (int)p->pid, p->comm);
	}
}

/* Names the processes that started or exited lately. Returns the line below. */
static int show_processes(const struct dcbs_report *r, int y)
{
	size_t i, now = 0, children = 0;
	struct live_line all;

	for (i = 0; i < r->nr_targets; i++) {
		children += r->targets[i].parent != 0;
		now += isnan(r->targets[i].ended_at);
	}
	if (!children || !live_line_begin(&all))
		return y;
	fprintf(all.file, "processes: %zu running, %s in all", now,
		human_exact((int64_t)r->nr_targets + (r->more_targets > 0 ? r->more_targets : 0)).text);
	write_recent(all.file, r, false);
	write_recent(all.file, r, true);
	live_line_draw_shortened(&all, y);
	return y + 1;
}

/* The present verdict, in the last line. */
static void show_verdict(const struct dcbs_report *r)
{
	const struct dcbs_bottleneck *b = r->bottlenecks;
	struct live_line all;

	if (!r->nr_bottlenecks || !live_line_begin(&all))
		return;
	fprintf(all.file, "%s: %s", b->section, cause_word(b->cause) ? cause_word(b->cause) : "cause unknown");
	if (!isnan(b->share))
		fprintf(all.file, ", %s of the window", human_share(b->share).text);
	if (b->evidence)
		fprintf(all.file, ": %s", b->evidence);
	live_line_draw_shortened(&all, LINES - 1);
}

static void show_help(int y)
{
	size_t i;

	for (i = 0; live_view_help(i) && y + (int)i < LINES; i++)
		mvaddnstr(y + (int)i, 0, live_view_help(i), COLS);
}

static void show_body(struct live *l, const struct dcbs_report *report)
{
	int head = show_processes(report, 1) + HEAD_LINES - 1, end = LINES;

	if (LINES >= VERDICT_LINES && report->nr_bottlenecks) {
		show_verdict(report);
		end--;
	}
	end = live_panes_show(report, head, end);
	if (report->nr_sections)
		live_table_show(&l->view, &l->interval, report, head, end);
	if (!table_nr_sections(report))
		mvaddnstr(report->nr_sections ? head + 2 : head - 1, 0, "No section has ended yet, and none is open.", COLS);
}

/* A key has the table drawn earlier than usual: the last interval stays what it was. */
void live_show(struct live *live, const struct dcbs_report *report)
{
	locale_t before = utf8_locale_begin();

	assert(live && live->screen);
	if (!live->view.changed)
		live_interval_take(&live->interval, report);
	live->view.changed = false;
	set_term(live->screen);
	follow_size();
	erase();
	show_head(live, report);
	if (live->view.help)
		show_help(2);
	else
		show_body(live, report);
	refresh();
	utf8_locale_end(before);
}

int live_fd(const struct live *l)
{
	return l ? fileno(l->keys) : -1;
}

static int read_key(void)
{
	int key = getch();

	switch (key) {
	case KEY_UP: return LIVE_UP;
	case KEY_DOWN: return LIVE_DOWN;
	case KEY_PPAGE: return LIVE_PAGE_UP;
	case KEY_NPAGE: return LIVE_PAGE_DOWN;
	default: return key;
	}
}

bool live_quit_requested(struct live *live)
{
	int key;

	set_term(live->screen);
	while ((key = read_key()) != ERR)
		live_view_key(&live->view, key, LINES > HEAD_LINES ? (size_t)(LINES - HEAD_LINES) : 1);
	return live->view.quit;
}

bool live_is_due(const struct live *live, bool time_has_come)
{
	return live && (live->view.changed || (time_has_come && !live->view.paused));
}

void live_close(struct live *live)
{
	if (!live)
		return;
	set_term(live->screen);
	endwin();
	delscreen(live->screen);
	fclose(live->keys);
	live_interval_free(&live->interval);
	free(live);
}
