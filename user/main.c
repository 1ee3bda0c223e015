// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * main.c - the program dcbs-bpfprof: selects the command of the command line.
 *
 * Standard output carries only the result; all messages go to standard error.
 */
#include "cli/cmd_check.h"
#include "cli/cmd_diff.h"
#include "cli/cmd_list.h"
#include "cli/cmd_profile.h"
#include "cli/cmd_report.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "safety/environment.h"

int main(int argc, char **argv)
{
	struct opts opts;

	environment_clean();
	signals_make_errors();
	options_parse(&opts, argc, argv);
	if (output_check_standard())
		return complain();
	switch (opts.command) {
	case COMMAND_CHECK:
		return cmd_check(&opts) ? complain() : 0;
	case COMMAND_LIST:
		return cmd_list() ? complain() : 0;
	case COMMAND_REPORT:
		return cmd_report(&opts);
	case COMMAND_DIFF:
		return cmd_diff(&opts.diff);
	case COMMAND_PROFILE:
		return opts.repeat ? cmd_repeat(&opts) : cmd_profile(&opts);
	case COMMAND_GATE:
		return cmd_gate(&opts);
	}
	return 2;
}
