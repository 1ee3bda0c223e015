/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* watch.h - the time between attach and report: the live table, the clock, Ctrl-C. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/options.h"
#include "dcbs/profiler.h"
#include "serve/server.h"

/* From now on Ctrl-C ends the watch, and a second one does not cut off the report. */
void watch_signals(void);

/*
 * The report is out, all that is left is to wait for the kernel to take the probes away, which it also
 * does without us: Ctrl-C ends the program at once, with that status.
 */
void watch_signals_done(int status);

/* Returns when the duration is over, a signal came, or all targets have ended. Processes that ask for their figures meanwhile are answered. */
enum dcbs_ended_by watch(struct dcbs_profiler *prof, struct server *server, const struct opts *opts);

#endif
