// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_lines.c - see live_lines.h. */
#include <ncurses.h>
#include <stdlib.h>

#include "render/live/live_lines.h"
#include "render/text/display.h"

bool live_line_begin(struct live_line *line)
{
	line->text = NULL;
	line->file = open_memstream(&line->text, &line->len);
	return line->file;
}

void live_line_draw(struct live_line *line, int y)
{
	if (!fclose(line->file) && line->text)
		mvaddstr(y, 0, line->text);
	free(line->text);
}

void live_line_draw_shortened(struct live_line *all, int y)
{
	struct live_line line;

	if (!fclose(all->file) && live_line_begin(&line)) {
		display_short(line.file, all->text, COLS);
		live_line_draw(&line, y);
	}
	free(all->text);
}
