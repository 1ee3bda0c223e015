/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_profile.h - `dcbs-bpfprof -p PID` and `dcbs-bpfprof -- COMMAND`: attach, watch, stop, report. */
#ifndef CLI_CMD_PROFILE_H
#define CLI_CMD_PROFILE_H

#include "cli/options.h"

/* Returns the exit status. If it is not 0, a line on standard error gives the reason. */
int cmd_profile(const struct opts *opts);

/* `dcbs-bpfprof --repeat N -- COMMAND`: several runs, each a session; the report is of all of them. */
int cmd_repeat(const struct opts *opts);

#endif
