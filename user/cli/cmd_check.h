/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_check.h - `dcbs-bpfprof check`: checks whether this machine can profile, and which drivers of GPUs processes have. */
#ifndef CLI_CMD_CHECK_H
#define CLI_CMD_CHECK_H

#include "cli/options.h"

/* Prints one line for each requirement, and some for each process of -p. Returns 0 if profiling is possible. */
int cmd_check(const struct opts *opts);

#endif
