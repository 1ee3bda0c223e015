/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cmd_report.h - `dcbs-bpfprof report FILE.json`: shows a saved session. */
#ifndef CLI_CMD_REPORT_H
#define CLI_CMD_REPORT_H

#include "cli/options.h"

/* Returns the exit status of the program. */
int cmd_report(const struct opts *opts);

#endif
