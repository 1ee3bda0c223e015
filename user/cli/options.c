// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* options.c - reads the command line by the table of options. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "cli/options/diff_options.h"
#include "cli/options/getopt_table.h"
#include "cli/options/help.h"
#include "cli/options/licenses_text.h"
#include "cli/options/option_table.h"
#include "cli/options/seconds.h"
#include "cli/options/similar.h"
#include "cli/options.h"
#include "render/render.h"

static const struct { const char *word; enum command command; } commands[] = {
	{"report", COMMAND_REPORT}, {"list", COMMAND_LIST}, {"check", COMMAND_CHECK}, {"diff", COMMAND_DIFF},
};

static const char *command_word(enum command command)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].command == command)
			return commands[i].word;
	return "-p";
}

/* ---- one function for each enum option_type ---- */

static double parse_seconds(const struct option_row *row, const char *arg)
{
	double v = seconds_parse(arg);

	if (!(v >= row->min && v <= row->max))
		refuse("--%s %s: must be a time from %.10g to %.10g seconds, such as 90, 5m or 1h30m", row->name, arg, row->min, row->max);
	return v;
}

static double parse_whole_number(const struct option_row *row, const char *arg)
{
	double v = getopt_table_number(row, arg);

	if (v != floor(v) || arg[strspn(arg, "0123456789")])
		refuse("--%s %s: must be a whole number", row->name, arg);
	return v;
}

static void refuse_if_full(size_t nr, const struct option_row *row)
{
	if (nr == OPTS_MAX)
		refuse("--%s: at most %d of them", row->name, OPTS_MAX);
}

static void set_flag(struct opts *opts, const struct option_row *row, char *arg)
{
	(void)arg;
	*(bool *)((char *)opts + row->offset) = true;
}

static void set_number(struct opts *opts, const struct option_row *row, char *arg)
{
	*(double *)((char *)opts + row->offset) = getopt_table_number(row, arg);
}

static void set_seconds(struct opts *opts, const struct option_row *row, char *arg)
{
	*(double *)((char *)opts + row->offset) = parse_seconds(row, arg);
}

static void set_whole_number(struct opts *opts, const struct option_row *row, char *arg)
{
	*(int *)((char *)opts + row->offset) = (int)parse_whole_number(row, arg);
}

static void add_pid(struct opts *opts, const struct option_row *row, char *arg)
{
	refuse_if_full(opts->profile.nr_pids, row);
	opts->pids[opts->profile.nr_pids++] = (pid_t)parse_whole_number(row, arg);
}

/* Returns the colon that divides BINARY:FUNCTION: the last single one. Pairs belong to a C++ name; other colons to the path. */
static char *find_division(char *binary)
{
	char *division = strchr(binary, ':'), *p;

	if (!strncmp(binary, "python:", 7))
		return division;
	for (p = division; p; p = strchr(p + strspn(p, ":"), ':'))
		if (p[1] != ':')
			division = p;
	return division;
}

static void add_section(struct opts *opts, const struct option_row *row, char *arg)
{
	char *binary = strchr(arg, '='), *function = binary ? find_division(binary + 1) : NULL;
	size_t i;

	refuse_if_full(opts->profile.nr_sections, row);
	if (!binary || !function || binary == arg || function == binary + 1 || !function[1])
		refuse("--section %s: must be NAME=BINARY:FUNCTION, for example decode=/usr/lib/libmodel.so:decode", arg);
	*binary++ = 0;
	*function++ = 0;
	for (i = 0; i < opts->profile.nr_sections; i++)
		if (!strcmp(opts->sections[i].binary, binary) && !strcmp(opts->sections[i].function, function))
			refuse("--section %s: %s of %s is section %s already", arg, function, binary, opts->sections[i].name);
	opts->sections[opts->profile.nr_sections++] = (struct dcbs_native_section){arg, binary, function};
}

static void set_order(struct opts *opts, const struct option_row *row, char *arg)
{
	if (!order_by_name(arg, &opts->sort_by))
		refuse("--%s %s: there is no such order; there are: %s", row->name, arg, row->choices());
}

static void set_format(struct opts *opts, const struct option_row *row, char *arg)
{
	if (!render_by_name(arg))
		refuse("--%s %s: there is no such format; there are: %s", row->name, arg, row->choices());
	opts->format = arg;
}

static void add_output(struct opts *opts, const struct option_row *row, char *arg)
{
	refuse_if_full(opts->nr_outputs, row);
	if (!render_by_suffix(arg))
		refuse("--%s %s: the suffix selects the format; there are: %s", row->name, arg, row->choices());
	opts->outputs[opts->nr_outputs++] = arg;
}

static void __attribute__((noreturn)) show_help(struct opts *opts, const struct option_row *row, char *arg)
{
	(void)opts, (void)row, (void)arg;
	exit(help_print(false));
}

static void __attribute__((noreturn)) show_version(struct opts *opts, const struct option_row *row, char *arg)
{
	(void)opts, (void)row, (void)arg;
	puts("dcbs-bpfprof " DCBS_VERSION);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void __attribute__((noreturn)) show_licenses(struct opts *opts, const struct option_row *row, char *arg)
{
	(void)opts, (void)row, (void)arg;
	fputs(licenses_text, stdout);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void (*const set_value[])(struct opts *opts, const struct option_row *row, char *arg) = {
	[OPTION_FLAG] = set_flag, [OPTION_NUMBER] = set_number, [OPTION_WHOLE_NUMBER] = set_whole_number,
	[OPTION_SECONDS] = set_seconds, [OPTION_PID] = add_pid,
	[OPTION_SECTION] = add_section, [OPTION_ORDER] = set_order, [OPTION_FORMAT] = set_format, [OPTION_OUTPUT] = add_output,
	[OPTION_HELP] = show_help, [OPTION_VERSION] = show_version, [OPTION_LICENSES] = show_licenses,
};

/* ---- the whole line ---- */

static void set_option(void *ctx, const struct option_row *row, char *arg)
{
	struct opts *opts = ctx;

	if (!(row->commands & OPTION_COMMAND(opts->command)))
		refuse("--%s: `dcbs-bpfprof %s` does not take this option", row->name, command_word(opts->command));
	set_value[row->type](opts, row, arg);
	if (row->given_offset)
		*(bool *)((char *)opts + row->given_offset) = true;
}

static void add_word(void *ctx, char *arg)
{
	struct opts *opts = ctx;
	size_t i;

	if (opts->command == COMMAND_REPORT && !opts->file) {
		opts->file = arg;
		return;
	}
	if (opts->command != COMMAND_PROFILE)
		refuse("%s: `dcbs-bpfprof %s` takes %s", arg, command_word(opts->command),
		       opts->command == COMMAND_REPORT ? "one FILE.json" : "nothing but options");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(arg, commands[i].word))
			refuse("%s: a command is the first word: dcbs-bpfprof %s", arg, arg);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (similar_distance(arg, commands[i].word, 1) <= 1)
			refuse("%s: no such command; did you mean `dcbs-bpfprof %s`?", arg, commands[i].word);
	if (!arg[strspn(arg, "0123456789")])
		refuse("%s: a process to attach to comes after -p: dcbs-bpfprof -p %s", arg, arg);
	refuse("%s: not understood; a command to start comes after --, a process to attach to after -p", arg);
}

static void check_targets(const struct opts *opts)
{
	const struct dcbs_options *profile = &opts->profile;
	size_t i;

	if (!profile->nr_pids && !opts->argv)
		refuse("which process? Give -p PID, or -- COMMAND; `dcbs-bpfprof list` shows candidates");
	if (profile->nr_pids && opts->argv)
		refuse("give either -p PID or -- COMMAND, not both");
	if (opts->as_root && !opts->argv)
		refuse("--as-root: there is no COMMAND that it applies to; it does not change whose process -p may name");
	for (i = 0; i < profile->nr_sections; i++)
		if (!profile->frequency_hz && !strcmp(opts->sections[i].binary, "python"))
			refuse("--section %s=python:%s: Python functions are timed from samples; give a --frequency above 0",
			       opts->sections[i].name, opts->sections[i].function);
}

/* Options of the text must not be given where there is no text. */
static void check_text(const struct opts *opts)
{
	bool text = !strcmp(opts->format, "text");
	size_t i;

	if (opts->width && !text)
		refuse("--width: applies to text on standard output; --format is %s", opts->format);
	for (i = 0; i < opts->nr_outputs; i++)
		text |= !strcmp(render_by_suffix(opts->outputs[i])->name, "text");
	if (opts->flat && !text)
		refuse("--flat: applies to text; --format is %s, and no -o FILE is a .txt", opts->format);
}

static void check_line(const struct opts *opts)
{
	check_text(opts);
	if (opts->command == COMMAND_PROFILE)
		check_targets(opts);
	else if (opts->argv)
		refuse("--: `dcbs-bpfprof %s` starts no command", command_word(opts->command));
	if (opts->command == COMMAND_REPORT && !opts->file)
		refuse("report: which FILE.json?");
}

/* Everything after -- is the command to start; getopt must not see it. */
static int split_command(struct opts *opts, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (i + 1 < argc)
			opts->argv = &argv[i + 1];
		return i;
	}
	return argc;
}

/* Returns true if the first word is a command. */
static bool find_command(struct opts *opts, const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].word)) {
			opts->command = commands[i].command;
			return true;
		}
	return false;
}

static void set_presets(struct opts *opts)
{
	const struct option_row *row;

	*opts = (struct opts){.profile = {.pids = opts->pids, .sections = opts->sections}};
	for (row = option_table; row->name; row++)
		if (row->preset)
			set_value[row->type](opts, row, (char *)row->preset);
}

void options_parse(struct opts *opts, int argc, char **argv)
{
	const struct getopt_visitor visitor = {add_word, set_option, opts};

	set_presets(opts);
	if (argc > 1 && !strcmp(argv[1], "diff")) {
		opts->command = COMMAND_DIFF;
		diff_options_parse(&opts->diff, argc - 1, argv + 1);
		return;
	}
	argc = split_command(opts, argc, argv);
	if (argc > 1 && find_command(opts, argv[1])) {
		argv++;
		argc--;
	}
	getopt_table_walk(option_table, argc, argv, &visitor);
	check_line(opts);
}
