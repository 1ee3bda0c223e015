/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * option_table.h - the table of options. A row holds everything about its option.
 *
 * The parser (options.c), `--help` and the OPTIONS section of the manual page (print_manual.c) are made from it. A unit
 * test holds its defaults against DCBS_OPTIONS_DEFAULT of <dcbs/profiler.h>.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/command_line.h"

enum option_type {
	OPTION_FLAG,		/* bool */
	OPTION_NUMBER,		/* double */
	OPTION_WHOLE_NUMBER,	/* int */
	OPTION_SECONDS,		/* double; may be typed with units */
	OPTION_PID,
	OPTION_SECTION,
	OPTION_PRESET,
	OPTION_ORDER,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	OPTION_LISTEN,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_LICENSES,
	/* of diff alone */
	OPTION_OLD_FILE,
	OPTION_NEW_FILE,
	OPTION_METRIC,
	OPTION_PER,
	OPTION_PERCENT,		/* a share, double: 5% or 0.05 */
	OPTION_PATTERN,
	OPTION_CHANGE_ORDER,
	OPTION_LIMIT,
	OPTION_BUDGET,
	OPTION_INCONCLUSIVE,
	OPTION_COMPARISON_FORMAT,
	OPTION_SESSIONS_OUTPUT,	/* of gate alone */
};

struct option_row {
	const char *name;		/* the long one, without the dashes */
	int key;			/* a letter is the short name */
	enum option_type type;
	unsigned int commands;		/* a bit for each enum command that takes it */
	size_t offset;			/* in struct opts, of the field that it sets; used by OPTION_FLAG and the numbers */
	size_t given_offset;		/* in struct opts: a bool that is set if the option is given; 0: none */
	const char *argument;		/* as --help names it; NULL: it takes none */
	double min, max;		/* of numbers */
	const char *preset;		/* the default, as one would type it; NULL: none */
	const char *(*choices)(void);	/* words that are values; NULL: not a choice */
	const char *help;		/* one line */
	const char *manual;		/* paragraphs for the manual page, plain text, separated by an empty line */
};

#define OPTION_ROWS 28
#define OPTION_ROWS_MOST 40	/* of any table */

/* Ends with a row whose name is NULL. */
extern const struct option_row option_table[OPTION_ROWS + 1];

/* The options of `diff`. Their offsets are those of struct diff_opts. Ends with a row whose name is NULL. */
extern const struct option_row diff_option_table[];

/* A bit of option_row's `commands`. */
#define OPTION_COMMAND(command) (1U << (command))
#define OPTION_ALL_COMMANDS (~0U)

#endif
