/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* help.h - what --help prints. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

/* Prints it on standard output; of_diff: that of the command diff. Returns the exit status of the program. */
int help_print(bool of_diff);

#endif
