/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live.h - the table of sections on the terminal, refreshed in place while the target runs. */
#ifndef RENDER_LIVE_H
#define RENDER_LIVE_H

#include <stdbool.h>

#include "dcbs/profiler.h"

struct live;

/*
 * Takes the terminal of standard error, so that standard output stays free for the result. -ENOTTY: there is none
 * that can show it (a file, an unknown TERM, a job in the background); nothing is said then, go on without.
 */
int live_open(struct live **live);

/* Draws the figures; follows the terminal's size. */
void live_show(struct live *live, const struct dcbs_report *report);

/* Becomes readable when a key is pressed; -1 for NULL. */
int live_fd(const struct live *live);

/* Has q been pressed? Does not wait. */
bool live_quit_requested(struct live *live);

/* Gives the terminal back as it was. NULL is fine. */
void live_close(struct live *live);

#endif
