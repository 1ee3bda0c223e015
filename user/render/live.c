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
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/utf8_locale.h"

#define HEAD_LINES 3	/* the state of the session, an empty line, the titles */
#define LATELY_S 5	/* a process that has started or exited is named for this long */

struct live {
	FILE *keys;
	SCREEN *screen;
	bool quit;
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

/* ---- lines ---- */

struct live_line {
	char *text;
	size_t len;
	FILE *file;
};

static bool begin_line(struct live_line *line)
{
	line->text = NULL;
	line->file = open_memstream(&line->text, &line->len);
	return line->file;
}

/* The text must fit into the terminal's width: ncurses counts bytes here, not columns. */
static void draw_line(struct live_line *line, int y)
{
	if (!fclose(line->file) && line->text)
		mvaddstr(y, 0, line->text);
	free(line->text);
}

/* Draws the text of `all` in line y, shortened to the terminal's width. */
static void draw_shortened(struct live_line *all, int y)
{
	struct live_line line;

	if (!fclose(all->file) && begin_line(&line)) {
		display_short(line.file, all->text, COLS);
		draw_line(&line, y);
	}
	free(all->text);
}

static void show_head(const struct dcbs_report *r)
{
	struct live_line line;
	const char *command = "";

	if (r->nr_targets)
		command = r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm;
	if (!begin_line(&line))
		return;
	fprintf(line.file, "%s  q: stop and report  *: open now  ", human_time(r->duration_s).text);
	if (r->nr_targets == 1)
		fprintf(line.file, "%d ", (int)r->targets[0].pid);
	else
		fprintf(line.file, "%zu targets: ", r->nr_targets);
	fflush(line.file);
	display_short(line.file, command, COLS - display_width(line.text));
	draw_line(&line, 0);
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
	if (!children || !begin_line(&all))
		return y;
	fprintf(all.file, "processes: %zu running, %s in all", now,
		human_exact((int64_t)r->nr_targets + (r->more_targets > 0 ? r->more_targets : 0)).text);
	write_recent(all.file, r, false);
	write_recent(all.file, r, true);
	draw_shortened(&all, y);
	return y + 1;
}

/*
 * The sections that do not fit, as one line. Calls and self times can be added; totals cannot, because the total of a
 * section contains the totals of the sections that it called.
 */
static struct dcbs_section sum_hidden(const struct dcbs_report *r, size_t first, char *name, size_t name_bytes)
{
	struct dcbs_section s = {
		.name = name, .total_s = NAN, .mean_s = NAN, .min_s = NAN, .max_s = NAN,
		.p50_s = NAN, .p90_s = NAN, .p95_s = NAN, .p99_s = NAN, .p999_s = NAN,
	};
	size_t i;

	snprintf(name, name_bytes, "(%zu more)", r->nr_sections - first);
	for (i = first; i < r->nr_sections; i++) {
		if (r->sections[i].count > 0)
			s.count += r->sections[i].count;
		if (r->sections[i].self_s > 0)
			s.self_s += r->sections[i].self_s;
	}
	return s;
}

static void show_row(const struct table *t, const struct dcbs_section *s, double duration_s, int y)
{
	struct live_line line;

	if (!begin_line(&line))
		return;
	table_row(t, line.file, s, duration_s);
	if (s->open > 0)
		fputs(" *", line.file);
	draw_line(&line, y);
}

/* The meaning of the bars' letters, in the line that is empty without bars. */
static void show_legend(const struct dcbs_report *r, int y)
{
	unsigned int set = 0;
	struct live_line all;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		set |= cause_set(&r->sections[i].wall);
	if (!begin_line(&all))
		return;
	cause_legend(all.file, set);
	draw_shortened(&all, y);
}

/* Draws the sections from line `head` on, and the titles above it. */
static void show_sections(const struct dcbs_report *r, int head)
{
	size_t room = LINES > head ? LINES - head : 0, fit, i;
	struct dcbs_section rest;
	struct table table;
	struct live_line line;
	char name[32];

	table_fit(&table, TABLE_LIVE, r, COLS - 2);
	if (LINES < head || !begin_line(&line))
		return;
	if (table_has_bar(&table))
		show_legend(r, head - 2);
	table_titles(&table, line.file);
	draw_line(&line, head - 1);
	fit = r->nr_sections <= room ? r->nr_sections : room ? room - 1 : 0;
	for (i = 0; i < fit; i++)
		show_row(&table, &r->sections[i], r->duration_s, head + (int)i);
	if (fit < r->nr_sections && room) {
		rest = sum_hidden(r, fit, name, sizeof(name));
		show_row(&table, &rest, r->duration_s, LINES - 1);
	}
}

void live_show(struct live *live, const struct dcbs_report *report)
{
	locale_t before = utf8_locale_begin();
	int head;

	assert(live && live->screen);
	set_term(live->screen);
	follow_size();
	erase();
	show_head(report);
	head = show_processes(report, 1) + HEAD_LINES - 1;
	if (report->nr_sections)
		show_sections(report, head);
	if (!table_nr_sections(report))
		mvaddnstr(report->nr_sections ? head + 2 : head - 1, 0, "No section has ended yet, and none is open.", COLS);
	refresh();
	utf8_locale_end(before);
}

int live_fd(const struct live *l)
{
	return l ? fileno(l->keys) : -1;
}

bool live_quit_requested(struct live *live)
{
	int key;

	set_term(live->screen);
	while ((key = getch()) != ERR)
		live->quit |= key == 'q' || key == 'Q';
	return live->quit;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	set_term(live->screen);
	endwin();
	delscreen(live->screen);
	fclose(live->keys);
	free(live);
}
