/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_lines.h - lines of the live table, written like a file and drawn by ncurses. */
#ifndef RENDER_LIVE_LIVE_LINES_H
#define RENDER_LIVE_LIVE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct live_line {
	char *text;
	size_t len;
	FILE *file;
};

/* Returns false if there is no memory; nothing is to be drawn then. */
bool live_line_begin(struct live_line *line);

/* Draws the line at y. It must fit into the terminal's width: ncurses counts bytes here, not columns. */
void live_line_draw(struct live_line *line, int y);

/* The same, shortened to the terminal's width. */
void live_line_draw_shortened(struct live_line *all, int y);

#endif
