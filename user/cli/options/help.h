/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* help.h - what --help prints. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Prints it on standard output. Returns the exit status of the program. */
int help_print(void);

#endif
