/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* loaded_sessions.h - saved sessions that a command has loaded, with the names of their files, safe to print. */
#ifndef CLI_COMMAND_LOADED_SESSIONS_H
#define CLI_COMMAND_LOADED_SESSIONS_H

#include "compare/comparison.h"
#include "dcbs/profiler.h"

/* Begins as all zeros. */
struct loaded_sessions {
	struct dcbs_report *reports[COMPARISON_SESSIONS];
	char *names[COMPARISON_SESSIONS];
	size_t nr;
};

/* Returns 0, or -errno with a line about the file that cannot be loaded. */
int loaded_sessions_add(struct loaded_sessions *loaded, const char *const *files, size_t nr);

/* All of them as one report. Returns 0, or -errno with a line. */
int loaded_sessions_merge(struct dcbs_report **report, const struct loaded_sessions *loaded);

void loaded_sessions_free(struct loaded_sessions *loaded);

#endif
