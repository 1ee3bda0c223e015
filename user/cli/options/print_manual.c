// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * print_manual.c - a program of the build: prints the OPTIONS section of the manual page from the table of options.
 *
 * The text in the table is plain. Words that look like options become bold here.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/option_table.h"

#define BOUNDS_NOT_WORTH_SAYING 1e9

/* A hyphen on a command line is a minus in troff. */
static void print_escaped(const char *text, size_t length, bool is_option)
{
	for (; length; length--, text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-' && is_option)
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static bool is_option(const char *word, size_t length)
{
	return length > 1 && word[0] == '-' && (isalpha((unsigned char)word[1]) || word[1] == '-');
}

static void print_word(const char *word, size_t length)
{
	size_t end = length;

	while (end && strchr(".,:;()", word[end - 1]))
		end--;
	if (!is_option(word, end)) {
		print_escaped(word, length, false);
		return;
	}
	fputs("\\fB", stdout);
	print_escaped(word, end, true);
	fputs("\\fR", stdout);
	print_escaped(word + end, length - end, false);
}

/* troff takes a line that begins with a dot or a quote as a request; \& prevents it. */
static void print_paragraph(const char *text, size_t length)
{
	const char *end = text + length;

	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	while (text < end) {
		size_t word = strcspn(text, " \n");

		print_word(text, word);
		text += word + (text + word < end);
		putchar(text < end ? ' ' : '\n');
	}
}

static void print_paragraphs(const char *text)
{
	const char *end;

	for (; (end = strstr(text, "\n\n")); text = end + 2) {
		print_paragraph(text, (size_t)(end - text));
		puts(".IP");
	}
	print_paragraph(text, strlen(text));
}

static void print_heading(const struct option_row *row)
{
	puts(".TP");
	if (isascii(row->key))
		printf("\\fB\\-%c\\fR, ", row->key);
	fputs("\\fB\\-\\-", stdout);
	print_escaped(row->name, strlen(row->name), true);
	fputs("\\fR", stdout);
	if (row->argument)
		printf("=\\fI%s\\fR", row->argument);
	putchar('\n');
}

static void print_values(const struct option_row *row)
{
	bool is_number = row->type == OPTION_NUMBER || row->type == OPTION_SECONDS || row->type == OPTION_WHOLE_NUMBER;
	bool is_bounded = is_number && row->max < BOUNDS_NOT_WORTH_SAYING;

	puts(".br");
	if (row->choices)
		printf("One of: %s.\n", row->choices());
	if (is_bounded)
		printf("From %.10g to %.10g.\n", row->min, row->max);
	if (row->preset)
		printf("Default: %s.\n", row->preset);
	if (row->commands != OPTION_ALL_COMMANDS && row->commands & OPTION_COMMAND(COMMAND_REPORT))
		puts("Also an option of \\fBreport\\fR.");
}

/* With a word on the command line: the options of `diff`. */
int main(int argc, char **argv)
{
	const struct option_row *row;

	(void)argv;
	for (row = argc > 1 ? diff_option_table : option_table; row->name; row++) {
		print_heading(row);
		print_paragraphs(row->manual);
		print_values(row);
	}
	return ferror(stdout) || fflush(stdout);
}
