/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* diff_options.h - reads the command line of `diff`: OLD.json... -- NEW.json..., with options anywhere. */
#ifndef CLI_OPTIONS_DIFF_OPTIONS_H
#define CLI_OPTIONS_DIFF_OPTIONS_H

#include "cli/command_line.h"

/* argv[0] is the word "diff". Ends the program with status 2, and a line that says why, if the command line is wrong. */
void diff_options_parse(struct diff_opts *opts, int argc, char **argv);

/* The same for `gate`. Returns the command that is to be run. */
char **gate_options_parse(struct diff_opts *opts, int argc, char **argv);

#endif
