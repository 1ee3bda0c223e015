/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_diff.h - `dcbs-bpfprof diff OLD.json... -- NEW.json...`: compares saved sessions. */
#ifndef CLI_CMD_DIFF_H
#define CLI_CMD_DIFF_H

#include "cli/command/loaded_sessions.h"
#include "cli/options.h"

/* Returns the exit status of the program: 0, 1 if they cannot be compared, 3 if a limit is exceeded. */
int cmd_diff(const struct diff_opts *opts);

/* The same for sessions that are loaded. */
int cmd_diff_compare(const struct loaded_sessions *old_side, const struct loaded_sessions *new_side, const struct diff_opts *opts);

/*
 * `dcbs-bpfprof gate BASELINE.json... -- COMMAND`: runs the command some times and compares its sessions with the baseline. Returns the
 * status of the comparison, or 1 if a run failed.
 */
int cmd_gate(const struct opts *opts);

#endif
