/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_check.h - `dcbs-bpfprof check`: checks whether this machine can profile. */
#ifndef CLI_CMD_CHECK_H
#define CLI_CMD_CHECK_H

/* Prints one line for each requirement. Returns 0 if profiling is possible. */
int cmd_check(void);

#endif
