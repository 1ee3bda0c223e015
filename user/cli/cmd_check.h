/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_check.h - `dcbs-bpfprof check`: can this machine do it? One line for each need. */
#ifndef CLI_CMD_CHECK_H
#define CLI_CMD_CHECK_H

/* Returns 0 if profiling is possible. */
int cmd_check(void);

#endif
