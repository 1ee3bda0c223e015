// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* options.c - reads the command line by the table of options. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "cli/options/diff_options.h"
#include "cli/options/getopt_table.h"
#include "cli/options/help.h"
#include "cli/options/licenses_text.h"
#include "cli/options/option_table.h"
#include "cli/options/seconds.h"
#include "cli/options/section_word.h"
#include "cli/options/similar.h"
#include "cli/command/output_names.h"
#include "cli/options.h"
#include "cli/presets/presets.h"
#include "render/render.h"
#include "serve/listen_address.h"

static const struct { const char *word; enum command command; } commands[] = {
	{"report", COMMAND_REPORT}, {"list", COMMAND_LIST}, {"check", COMMAND_CHECK}, {"diff", COMMAND_DIFF},
	{"gate", COMMAND_GATE},
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

static void add_section(struct opts *opts, const struct option_row *row, char *arg)
{
	const struct dcbs_native_section *same;
	struct dcbs_native_section section;

	refuse_if_full(opts->profile.nr_sections, row);
	if (!section_word_split(&section, arg))
		refuse("--section %s: must be NAME=BINARY:FUNCTION, for example decode=/usr/lib/libmodel.so:decode", arg);
	same = section_word_find(opts->sections, opts->profile.nr_sections, &section);
	if (same)
		refuse("--section %s: %s of %s is section %s already", section.name, section.function, section.binary, same->name);
	opts->sections[opts->profile.nr_sections++] = section;
}

static void add_preset(struct opts *opts, const struct option_row *row, char *arg)
{
	if (presets_add(opts, arg))
		refuse("--%s %s: %s", row->name, arg, dcbs_profiler_error());
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

/* A folder takes one session for each run. The name lives as long as the program. */
static char *name_in_folder(const char *folder)
{
	char *name;

	if (asprintf(&name, "%srun-%%n.json", folder) < 0)
		refuse("--output %s: no memory", folder);
	return name;
}

static void add_output(struct opts *opts, const struct option_row *row, char *arg)
{
	refuse_if_full(opts->nr_outputs, row);
	if (*arg && arg[strlen(arg) - 1] == '/')
		arg = name_in_folder(arg);
	if (!render_by_suffix(arg))
		refuse("--%s %s: the suffix selects the format; there are: %s", row->name, arg, row->choices());
	if (output_names_unknown(arg))
		refuse("--%s %s: %%%c stands for nothing; there are %%h (host), %%p (process), %%t (time), %%n (number) and %%%%", row->name, arg,
		       output_names_unknown(arg));
	opts->outputs[opts->nr_outputs++] = arg;
}

static void set_listen(struct opts *opts, const struct option_row *row, char *arg)
{
	if (!listen_address_is_valid(arg))
		refuse("--%s %s: must be ADDR:PORT with a number as ADDR and a PORT from 1024 to 65535, or PORT alone", row->name, arg);
	opts->listen = arg;
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
	[OPTION_SECTION] = add_section, [OPTION_PRESET] = add_preset, [OPTION_ORDER] = set_order, [OPTION_FORMAT] = set_format,
	[OPTION_OUTPUT] = add_output, [OPTION_LISTEN] = set_listen, [OPTION_HELP] = show_help, [OPTION_VERSION] = show_version,
	[OPTION_LICENSES] = show_licenses,
};

static const char *session_suffixes(void)
{
	return ".json, .json.gz";
}

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

	if (opts->command == COMMAND_REPORT) {
		if (opts->nr_files == MERGE_SESSIONS)
			refuse("%s: at most %d sessions can be merged", arg, MERGE_SESSIONS);
		opts->files[opts->nr_files++] = arg;
		return;
	}
	if (opts->command != COMMAND_PROFILE)
		refuse("%s: `dcbs-bpfprof %s` takes nothing but options", arg, command_word(opts->command));
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
	if (opts->nvtx && !opts->argv)
		refuse("--nvtx: there is no COMMAND that it applies to: a program that runs has looked for a library for its ranges already");
	for (i = 0; i < profile->nr_sections; i++)
		if (!profile->frequency_hz && !strcmp(opts->sections[i].binary, "python"))
			refuse("--section%s %s=python:%s: Python functions are timed from samples; give a --frequency above 0",
			       opts->sections[i].preset ? "s" : "", opts->sections[i].name, opts->sections[i].function);
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

static void check_terminal(const struct opts *opts)
{
	if (!strcmp(opts->format, "pprof") && isatty(STDOUT_FILENO))
		refuse("--format pprof: a terminal shows no bytes of this format; give -o FILE.pb.gz, or a file or a pipe as standard output");
}

/* --summary is another word for a format. */
static void apply_summary(struct opts *opts)
{
	if (opts->summary && strcmp(opts->format, "text") && strcmp(opts->format, "summary"))
		refuse("--summary: is a format of its own; --format is %s", opts->format);
	if (opts->summary)
		opts->format = "summary";
}

/* Each run has files of its own, and one of them is its session. */
static void check_repeat(const struct opts *opts)
{
	bool has_session = false;
	size_t i;

	if (opts->repeat && !opts->argv)
		refuse("--repeat: there is no COMMAND that could be run again; give one after --");
	for (i = 0; i < opts->nr_outputs && opts->repeat; i++) {
		if (!output_names_has(opts->outputs[i], 'n') || output_names_has(opts->outputs[i], 'p'))
			refuse("--output %s: with --repeat, the name needs %%n, the number of the run, and must not have %%p", opts->outputs[i]);
		has_session |= !strncmp(render_by_suffix(opts->outputs[i])->name, "json", 4);
	}
	if (opts->repeat && !has_session)
		refuse("--repeat: needs a place for the sessions: -o FOLDER/ or -o run-%%n.json");
}

static void check_line(struct opts *opts)
{
	apply_summary(opts);
	check_text(opts);
	check_terminal(opts);
	if (opts->command == COMMAND_PROFILE) {
		check_targets(opts);
		check_repeat(opts);
	} else if (opts->argv)
		refuse("--: `dcbs-bpfprof %s` starts no command", command_word(opts->command));
	if (opts->command == COMMAND_REPORT && !opts->nr_files)
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

	*opts = (struct opts){.number = 1, .profile = {.pids = opts->pids, .sections = opts->sections}};
	for (row = option_table; row->name; row++)
		if (row->preset)
			set_value[row->type](opts, row, (char *)row->preset);
}

/* The command is profiled with the presets, but for the options that `gate` has. */
static void parse_gate(struct opts *opts, int argc, char **argv)
{
	const struct option_row output = {.name = "output", .choices = session_suffixes};
	struct diff_opts *diff = &opts->diff;

	opts->argv = gate_options_parse(diff, argc, argv);
	opts->repeat = diff->repeat;
	opts->profile.children = diff->children;
	opts->quiet = true;
	if (!diff->output)
		return;
	add_output(opts, &output, (char *)diff->output);
	check_repeat(opts);
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
	if (argc > 1 && !strcmp(argv[1], "gate")) {
		opts->command = COMMAND_GATE;
		parse_gate(opts, argc - 1, argv + 1);
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
