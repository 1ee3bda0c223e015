/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_list.h - `dcbs-bpfprof list`: lists the running processes that carry markers. */
#ifndef CLI_CMD_LIST_H
#define CLI_CMD_LIST_H

int cmd_list(void);

#endif
