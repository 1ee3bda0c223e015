/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_profile.h - `dcbs-bpfprof -p PID` and `dcbs-bpfprof -- COMMAND`: attach, watch, stop, report. */
#ifndef CLI_CMD_PROFILE_H
#define CLI_CMD_PROFILE_H

#include "cli/options.h"

/* Returns the exit status; it has complained on standard error if that is not 0. argv: main's own. */
int cmd_profile(const struct opts *opts, char **argv);

#endif
