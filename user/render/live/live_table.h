/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_table.h - the sections on the terminal: the whole window, and the last interval beside it where there is room. */
#ifndef RENDER_LIVE_LIVE_TABLE_H
#define RENDER_LIVE_LIVE_TABLE_H

#include "render/live/live_view.h"

/* Draws the sections from line `head` up to the one before `end`, and the titles above them. */
void live_table_show(const struct live_view *view, const struct live_interval *interval, const struct dcbs_report *r, int head, int end);

#endif
