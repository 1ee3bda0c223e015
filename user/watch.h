/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* watch.h - the time between attach and report: the live table, the clock, Ctrl-C. */
#ifndef WATCH_H
#define WATCH_H

#include "collect/session.h"
#include "opts.h"
#include "serve.h"

/* From now on Ctrl-C ends the watch, and a second one does not cut off the report. */
void watch_signals(void);

/*
 * The report is out, all that is left is to wait for the kernel to take the probes away, which it also
 * does without us: Ctrl-C ends the program at once, with that status.
 */
void watch_signals_done(int status);

/* Returns when the duration is over, a signal came, or all targets have ended. Who asks meanwhile is answered. */
enum dcbs_ended_by watch(struct session *session, struct serve *serve, const struct opts *opts);

#endif
