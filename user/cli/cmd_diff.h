/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_diff.h - `dcbs-bpfprof diff OLD.json... -- NEW.json...`: compares saved sessions. */
#ifndef CLI_CMD_DIFF_H
#define CLI_CMD_DIFF_H

#include "cli/options.h"

/* Returns the exit status of the program: 0, 1 if they cannot be compared, 3 if a limit is exceeded. */
int cmd_diff(const struct diff_opts *opts);

#endif
