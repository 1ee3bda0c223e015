/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live.h - the table of sections on the terminal, refreshed in place while the target runs. */
#ifndef RENDER_LIVE_H
#define RENDER_LIVE_H

#include <stdbool.h>

#include "dcbs/profiler.h"

struct live;

/*
 * Takes the terminal of standard error, so that standard output stays free for the result. Returns -ENOTTY, without a
 * message, if there is no terminal that can show the table: a file, an unknown TERM, a job in the background. The caller
 * then goes on without a live table.
 */
int live_open(struct live **live);

/* Draws the report at the terminal's present size. */
void live_show(struct live *live, const struct dcbs_report *report);

/* A file descriptor that becomes readable when a key is pressed; -1 for NULL. */
int live_fd(const struct live *live);

/* Reads the keys that were pressed. Returns true if q has been pressed so far. Does not wait. */
bool live_quit_requested(struct live *live);

/* Returns true if the table is to be drawn now: its time has come and it is not paused, or a key has changed what it shows. */
bool live_is_due(const struct live *live, bool time_has_come);

/* Restores the terminal. NULL is allowed. */
void live_close(struct live *live);

#endif
