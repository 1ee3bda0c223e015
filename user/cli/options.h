/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* options.h - reads the command line by the table of options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command_line.h"

/* Ends the program with status 2, and a line that says why, if the command line is wrong. */
void options_parse(struct opts *opts, int argc, char **argv);

#endif
