// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* help.c - what --help prints: usage, examples, and the table of options. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/options/help.h"
#include "cli/options/option_table.h"

static const char usage[] =
	"Usage:\n"
	"  dcbs-bpfprof -p PID [OPTION...]               attach to a running evaluation\n"
	"  dcbs-bpfprof [OPTION...] -- COMMAND ARG...    start COMMAND and profile it\n"
	"  dcbs-bpfprof report FILE.json... [OPTION...]  show a saved session, or several as one\n"
	"  dcbs-bpfprof diff OLD.json... -- NEW.json...  compare sessions; `diff --help` lists its options\n"
	"  dcbs-bpfprof gate BASE.json... -- COMMAND     run COMMAND and compare it with sessions, for CI\n"
	"  dcbs-bpfprof list                             list processes that carry markers\n"
	"  dcbs-bpfprof check                            check whether this machine can profile\n"
	"\n"
	"Examples:\n"
	"  sudo dcbs-bpfprof -p 4242                     watch process 4242; Ctrl-C ends with the report\n"
	"  sudo dcbs-bpfprof -p 4242 -d 5m -o run.json   for five minutes, and save the session\n"
	"  sudo dcbs-bpfprof -- python3 evaluate.py      from the first section on\n"
	"  sudo dcbs-bpfprof -cp 4242 -o run.html        with its workers; a page for the browser\n"
	"  dcbs-bpfprof report run.json -S self          a saved session, the hottest functions first\n";

static const char doc[] =
	"Times the named sections of a running evaluation, without stopping or slowing it."
	"\v"
	"SECONDS may have units: 500ms, 90, 5m, 1h30m. Ends at Ctrl-C, after -d, or when the target exits. The report goes to "
	"standard output, everything else to standard error. Exit status: 0 a report was made, 1 it could not be made, 2 the "
	"command line is wrong; with COMMAND, its own status, 125 no report could be made, 126 COMMAND cannot be executed, 127 it "
	"was not found.";

static const char diff_usage[] =
	"Usage:\n"
	"  dcbs-bpfprof diff OLD.json NEW.json [OPTION...]\n"
	"  dcbs-bpfprof diff OLD.json... -- NEW.json... [OPTION...]\n"
	"  dcbs-bpfprof gate BASELINE.json... [OPTION...] -- COMMAND ARG...\n"
	"\n"
	"Examples:\n"
	"  dcbs-bpfprof diff old*.json -- new*.json      what has become slower, and why\n"
	"  dcbs-bpfprof diff old*.json -- new*.json --fail-if '*:mean>+5%'     for CI: status 3 if something did\n"
	"  dcbs-bpfprof gate old*.json --fail-if '*:mean>+5%' -- python3 evaluate.py   the same, with sessions that are made now\n";

static const char diff_doc[] =
	"Compares saved sessions, section by section."
	"\v"
	"Record at least four sessions of each version, in turns. Exit status: 0 the sessions were compared, 1 they cannot be compared, 2 "
	"the command line is wrong, 3 a limit of --fail-if is exceeded.";

static void set_argp_option(struct argp_option *option, const struct option_row *row, char *help, size_t size)
{
	const char *choices = row->choices ? row->choices() : NULL;

	snprintf(help, size, "%s%s%s%s%s%s", row->help, choices ? ": " : "", choices ? choices : "",
		 row->preset ? " (default " : "", row->preset ? row->preset : "", row->preset ? ")" : "");
	*option = (struct argp_option){.name = row->name, .key = row->key, .arg = row->argument, .doc = help};
}

static void print_options(const struct option_row *table, const char *text)
{
	static struct argp_option argp_options[OPTION_ROWS_MOST + 1];
	static char help[OPTION_ROWS_MOST][256];
	const struct argp argp = {argp_options, NULL, NULL, text, NULL, NULL, NULL};
	size_t i;

	for (i = 0; table[i].name && i < OPTION_ROWS_MOST; i++)
		set_argp_option(&argp_options[i], &table[i], help[i], sizeof(help[i]));
	argp_help(&argp, stdout, ARGP_HELP_PRE_DOC | ARGP_HELP_LONG | ARGP_HELP_POST_DOC, program_invocation_short_name);
}

int help_print(bool of_diff)
{
	puts(of_diff ? diff_usage : usage);
	print_options(of_diff ? diff_option_table : option_table, of_diff ? diff_doc : doc);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
