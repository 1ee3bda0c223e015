/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* watch.h - the loop between attach and report: live table, timers, signals, and clients of the server. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/options.h"
#include "dcbs/profiler.h"
#include "serve/server.h"

/* From now on Ctrl-C ends watch() and not the program, so that a second one does not cut off the report. */
void watch_signals(void);

/*
 * Called when the report is written. The program then only waits until the kernel has removed the probes, which the
 * kernel also does after its end: from now on Ctrl-C ends the program at once, with this status.
 */
void watch_signals_done(int status);

/* Returns at the end of the duration, at a signal, or when all targets have ended. Answers the server's clients meanwhile. */
enum dcbs_ended_by watch(struct dcbs_profiler *prof, struct server *server, const struct opts *opts);

#endif
