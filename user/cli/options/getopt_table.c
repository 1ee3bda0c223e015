// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* getopt_table.c - walks through a command line by a table of options. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/options/getopt_table.h"
#include "cli/options/similar.h"

#define USAGE_STATUS 2
#define KEY_WORD 1		/* getopt: a word that is no option */

void refuse(const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fail(-EINVAL, "%s", line);
	fprintf(stderr, "dcbs-bpfprof: %s\n", dcbs_profiler_error());
	exit(USAGE_STATUS);
}

double getopt_table_number(const struct option_row *row, const char *text)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(v) || v < row->min || v > row->max)
		refuse("--%s %s: must be a number from %.10g to %.10g", row->name, text, row->min, row->max);
	return v;
}

static const struct option_row *row_by_key(const struct option_row *table, int key)
{
	const struct option_row *row = table;

	while (row->name && row->key != key)
		row++;
	return row->name ? row : NULL;
}

/* A long option that there is not, or the beginning of several. */
static void __attribute__((noreturn)) refuse_unknown(const struct option_row *table, const char *word)
{
	char name[32];
	const char *similar;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	similar = similar_option(table, name);
	if (similar)
		refuse("--%s: no such option; did you mean --%s?", name, similar);
	refuse("%.*s: no such option; `dcbs-bpfprof --help` lists them", (int)strcspn(word, "="), word);
}

/* getopt has gone past the word. It has set optopt to the key of the option, or to 0 if a long one is unknown. */
static void __attribute__((noreturn)) refuse_bad_option(const struct option_row *table, const char *word)
{
	const struct option_row *row = row_by_key(table, optopt);
	bool is_long = !strncmp(word, "--", 2);
	char letter[2] = {(char)optopt, 0};

	if (row && row->argument)
		refuse("%s%s: its value is missing: %s", is_long ? "--" : "-", is_long ? row->name : letter, row->argument);
	if (row)
		refuse("--%s: takes no value", row->name);
	if (optopt)
		refuse("-%s: no such option; `dcbs-bpfprof --help` lists them", letter);
	refuse_unknown(table, word);
}

/* The table as getopt wants it. */
struct getopt_names {
	char letters[2 * OPTION_ROWS_MOST + 3];
	struct option names[OPTION_ROWS_MOST + 1];
};

static void list_names(struct getopt_names *list, const struct option_row *table)
{
	char *letter = stpcpy(list->letters, "-:");	/* words in their order; a missing value is ':' */
	size_t i;

	for (i = 0; table[i].name; i++) {
		const struct option_row *row = &table[i];

		assert(i < OPTION_ROWS_MOST);
		list->names[i] = (struct option){row->name, row->argument ? required_argument : no_argument, NULL, row->key};
		if (!isascii(row->key))
			continue;
		*letter++ = (char)row->key;
		if (row->argument)
			*letter++ = ':';
	}
}

void getopt_table_walk(const struct option_row *table, int argc, char **argv, const struct getopt_visitor *visitor)
{
	struct getopt_names list = {0};
	int key;

	list_names(&list, table);
	optind = 0;
	opterr = 0;
	while ((key = getopt_long(argc, argv, list.letters, list.names, NULL)) >= 0) {
		if (key == KEY_WORD)
			visitor->word(visitor->ctx, optarg);
		else if (key == '?' || key == ':')
			refuse_bad_option(table, argv[optind - 1]);
		else
			visitor->option(visitor->ctx, row_by_key(table, key), optarg);
	}
}
