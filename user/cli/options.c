// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* options.c - the command line as data. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/options.h"
#include "render/render.h"

#define USAGE_STATUS 2

enum { OPT_MAX_OVERHEAD = 0x100 };

static const char doc[] =
	"Times the named sections of a running evaluation, without stopping or slowing it."
	"\v"
	"Commands:\n"
	"  dcbs-bpfprof -p PID              attach to a running evaluation\n"
	"  dcbs-bpfprof -- COMMAND ARG...   start COMMAND and profile it\n"
	"  dcbs-bpfprof list                running processes that carry markers\n"
	"  dcbs-bpfprof check               can this machine do it?\n"
	"  dcbs-bpfprof report FILE.json    show a saved session again\n\n"
	"Ends at Ctrl-C, after -d, or when the target exits. The report goes to standard output, everything else to "
	"standard error. Exit status: 0 a report was made, 1 it could not be, 2 the command line is wrong.";

static const struct argp_option options[] = {
	{"pid", 'p', "PID", 0, "the process to attach to; may be given again", 0},
	{"duration", 'd', "SECONDS", 0, "stop after so long", 0},
	{"interval", 'i', "SECONDS", 0, "refresh of the live table (1)", 0},
	{"frequency", 'F', "HZ", 0, "CPU sampling, 0 = off (99)", 0},
	{"section", 's', "NAME=BINARY:FUNCTION", 0, "time a native function as section NAME, or, with python:QUALNAME, one in Python, from samples; may be given again", 0},
	{"threshold", 't', "SECONDS", 0, "what counts as a bottleneck (1.0)", 0},
	{"sort-by", 'S', "KEY", 0, "order of functions: cumulative, self (tottime), calls, name, file, line, or as cProfile calls these (cumulative)", 0},
	{"output", 'o', "FILE", 0, "write the session to FILE, its suffix picks the format; may be given again", 0},
	{"format", 'f', "FORMAT", 0, "format of standard output (text)", 0},
	{"children", 'c', NULL, 0, "follow processes that the target forks", 0},
	{"max-overhead", OPT_MAX_OVERHEAD, "PERCENT", 0, "the most of one CPU that profiling may cost (1)", 0},
	{"quiet", 'q', NULL, 0, "no live table, no progress", 0},
	{"verbose", 'v', NULL, 0, "say what is being done", 0},
	{"help", 'h', NULL, 0, "print this", 0},
	{"version", 'V', NULL, 0, "print the version", 0},
	{0},
};

/* One line, and the end. */
static void __attribute__((noreturn, format(printf, 1, 2))) refuse(const char *fmt, ...)
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

static double number(const char *option, const char *arg, double min, double max)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(arg, &end);
	if (errno || end == arg || *end || !isfinite(v) || v < min || v > max)
		refuse("%s %s: must be a number from %g to %g", option, arg, min, max);
	return v;
}

static double whole_number(const char *option, const char *arg, double min, double max)
{
	double v = number(option, arg, min, max);

	if (v != floor(v) || arg[strspn(arg, "0123456789")])
		refuse("%s %s: must be a whole number", option, arg);
	return v;
}

static void full(size_t n, const char *option)
{
	if (n == OPTS_MAX)
		refuse("%s: at most %d of them", option, OPTS_MAX);
}

/* NAME=BINARY:FUNCTION. The function may hold colons (C++), the binary not. */
static void add_section(struct opts *opts, char *arg)
{
	char *binary = strchr(arg, '='), *function = binary ? strchr(binary, ':') : NULL;
	size_t i;

	full(opts->nr_sections, "--section");
	if (!binary || !function || binary == arg || function == binary + 1 || !function[1])
		refuse("--section %s: must be NAME=BINARY:FUNCTION, for example decode=/usr/lib/libmodel.so:decode", arg);
	*binary++ = 0;
	*function++ = 0;
	for (i = 0; i < opts->nr_sections; i++)
		if (!strcmp(opts->sections[i].binary, binary) && !strcmp(opts->sections[i].function, function))
			refuse("--section %s: %s of %s is section %s already", arg, function, binary, opts->sections[i].name);
	opts->sections[opts->nr_sections++] = (struct dcbs_native_section){arg, binary, function};
}

/* The names, or the suffixes, of all formats: "text json". */
static const char *all_formats(bool suffixes)
{
	static char list[256];
	const struct render_format *f;
	size_t n = 0;

	for (f = render_formats; f->name && n < sizeof(list); f++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? " " : "", suffixes ? f->suffix : f->name);
	return list;
}

static void set_format(struct opts *opts, const char *arg)
{
	if (!render_by_name(arg))
		refuse("--format %s: there is no such format; there are: %s", arg, all_formats(false));
	opts->format = arg;
}

static void add_output(struct opts *opts, const char *arg)
{
	full(opts->nr_outputs, "--output");
	if (!render_by_suffix(arg))
		refuse("--output %s: the suffix picks the format; there are: %s", arg, all_formats(true));
	opts->outputs[opts->nr_outputs++] = arg;
}

static void set_sort(struct opts *opts, const char *arg)
{
	if (!order_by_name(arg, &opts->sort_by))
		refuse("--sort-by %s: must be cumulative, self (tottime), calls, name, file or line", arg);
}

static void add_word(struct opts *opts, char *arg)
{
	if (opts->command == COMMAND_REPORT && !opts->file)
		opts->file = arg;
	else
		refuse("%s: not understood; a command to start comes after --, a process to attach to after -p", arg);
}

/* The targets are given one way, and there are some. */
static void check_whole(const struct opts *opts)
{
	size_t i;

	if (opts->command == COMMAND_REPORT && !opts->file)
		refuse("report: which FILE.json?");
	if (opts->command != COMMAND_PROFILE)
		return;
	if (!opts->nr_pids && !opts->argv)
		refuse("which process? Give -p PID, or -- COMMAND; `dcbs-bpfprof list` shows candidates");
	if (opts->nr_pids && opts->argv)
		refuse("give either -p PID or -- COMMAND, not both");
	for (i = 0; i < opts->nr_sections; i++)
		if (!opts->frequency_hz && !strcmp(opts->sections[i].binary, "python"))
			refuse("--section %s=python:%s: Python functions are known from samples; give a --frequency above 0",
			       opts->sections[i].name, opts->sections[i].function);
}

/* The formats are named where they are asked for. */
static char *add_formats(int key, const char *text, void *opts)
{
	char *longer;

	(void)opts;
	if (!text || (key != 'o' && key != 'f') || asprintf(&longer, "%s: %s", text, all_formats(key == 'o')) < 0)
		return (char *)text;
	return longer;
}

/* argp's own would be silenced together with its complaints. */
static void __attribute__((noreturn)) show_help(const struct argp_state *state)
{
	argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP, program_invocation_short_name);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void __attribute__((noreturn)) show_version(void)
{
	puts("dcbs-bpfprof " DCBS_VERSION);
	exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case 'p':
		full(opts->nr_pids, "--pid");
		opts->pids[opts->nr_pids++] = (pid_t)whole_number("--pid", arg, 1, INT_MAX);
		break;
	case 'd': opts->duration_s = number("--duration", arg, 0.001, 1e9); break;
	case 'i': opts->interval_s = number("--interval", arg, 0.05, 3600); break;
	case 'F': opts->frequency_hz = (int)whole_number("--frequency", arg, 0, 10000); break;
	case 't': opts->threshold_s = number("--threshold", arg, 0, 1e9); break;
	case OPT_MAX_OVERHEAD: opts->max_overhead_percent = number("--max-overhead", arg, 0.01, 100); opts->max_overhead_given = true; break;
	case 's': add_section(opts, arg); break;
	case 'S': set_sort(opts, arg); break;
	case 'o': add_output(opts, arg); break;
	case 'f': set_format(opts, arg); break;
	case 'c': opts->children = true; break;
	case 'q': opts->quiet = true; break;
	case 'v': opts->verbose = true; break;
	case 'h': show_help(state);
	case 'V': show_version();
	case ARGP_KEY_ARG: add_word(opts, arg); break;
	case ARGP_KEY_END: check_whole(opts); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Everything after -- is the command to start; argp is not to see it. */
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

void options_parse(struct opts *opts, int argc, char **argv)
{
	static const struct { const char *word; enum command command; } words[] = {
		{"report", COMMAND_REPORT}, {"list", COMMAND_LIST}, {"check", COMMAND_CHECK},
	};
	const struct argp argp = {options, parse, "-p PID\n-- COMMAND ARG...\nlist\ncheck\nreport FILE.json", doc, NULL, add_formats, NULL};
	int unparsed = 0;
	size_t i;

	*opts = (struct opts){.format = "text", .sort_by = ORDER_CUMULATIVE, .interval_s = 1, .threshold_s = 1,
			      .max_overhead_percent = 1, .frequency_hz = 99};
	program_invocation_name = program_invocation_short_name;
	argc = split_command(opts, argc, argv);
	for (i = 0; argc > 1 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(argv[1], words[i].word))
			continue;
		opts->command = words[i].command;
		argv[1] = argv[0];
		argv++;
		argc--;
		break;
	}
	/* argp's own complaints take two lines and name the program by its path. */
	if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, &unparsed, opts))
		refuse("%s: there is no such option, or its value is missing; `dcbs-bpfprof --help` lists them",
		       unparsed > 1 && unparsed <= argc ? argv[unparsed - 1] : argv[argc - 1]);
}
