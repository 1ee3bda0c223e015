/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* watch.h - the loop between attach and report: live table, timers, signals, checkpoints, and clients of the server. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/command_line.h"
#include "cli/output_files.h"
#include "dcbs/profiler.h"
#include "serve/server.h"

/*
 * Returns at the end of the duration, at a signal, or when all targets have ended. Answers the server's clients and keeps
 * the files up to date meanwhile.
 */
enum dcbs_ended_by watch(struct dcbs_profiler *prof, struct server *server, struct outputs *outputs, const struct opts *opts);

#endif
