/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* getopt_table.h - walks through a command line by a table of options, and refuses what is wrong in it. */
#ifndef CLI_OPTIONS_GETOPT_TABLE_H
#define CLI_OPTIONS_GETOPT_TABLE_H

#include "cli/options/option_table.h"

/* Prints one line and ends the program with status 2. */
void __attribute__((noreturn, format(printf, 1, 2))) refuse(const char *fmt, ...);

struct getopt_visitor {
	void (*word)(void *ctx, char *arg);	/* a word that is no option */
	void (*option)(void *ctx, const struct option_row *row, char *arg);
	void *ctx;
};

/* Visits all words from argv[1] on, in their order. */
void getopt_table_walk(const struct option_row *table, int argc, char **argv, const struct getopt_visitor *visitor);

/* The number that is the whole text, within the row's bounds. */
double getopt_table_number(const struct option_row *row, const char *text);

#endif
