/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* repeat.h - runs a command several times, each time profiled by a process of its own: a profiler cannot attach twice. */
#ifndef CLI_COMMAND_REPEAT_H
#define CLI_COMMAND_REPEAT_H

#include "cli/command_line.h"

/* The sessions of the runs so far. */
struct repeated_runs {
	char *files[MERGE_SESSIONS];
	size_t nr;
	int status;	/* of the first run that ended with another one than 0, or that a signal ended; then there are no more runs */
};

/*
 * Runs the command opts->repeat times. Its outputs must have %n in their names and one must be a session. Prints a line about a run
 * that failed. Returns true if all runs ended with status 0.
 */
bool repeat_command(struct repeated_runs *runs, const struct opts *opts);

void repeat_free(struct repeated_runs *runs);

#endif
