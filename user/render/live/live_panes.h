/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_panes.h - hot functions, memory and GPU below the sections, where the terminal has room for them. */
#ifndef RENDER_LIVE_LIVE_PANES_H
#define RENDER_LIVE_LIVE_PANES_H

#include "dcbs/profiler.h"

/*
 * Draws the panes into the lines before `end`, of which the sections have those from `head` on. The sections keep at least half of them.
 * Returns the line where the panes begin; `end` if there are none.
 */
int live_panes_show(const struct dcbs_report *report, int head, int end);

#endif
