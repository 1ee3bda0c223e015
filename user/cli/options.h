/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* options.h - the command line as data. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "dcbs/profiler.h"
#include "render/render.h"

#define OPTS_MAX 64	/* targets, sections and outputs, each */

enum command { COMMAND_PROFILE, COMMAND_REPORT, COMMAND_LIST, COMMAND_CHECK };

struct opts {
	enum command command;
	pid_t pids[OPTS_MAX];
	size_t nr_pids;
	char **argv;			/* of the command to start; NULL: attach to pids */
	struct dcbs_native_section sections[OPTS_MAX];
	size_t nr_sections;
	const char *outputs[OPTS_MAX];
	size_t nr_outputs;
	const char *format;
	const char *file;		/* of `report` */
	enum order_key sort_by;	/* of functions */
	double duration_s;		/* 0: until Ctrl-C or the target's exit */
	double interval_s;
	double threshold_s;
	double max_overhead_percent;
	bool max_overhead_given;
	int frequency_hz;
	bool children, quiet, verbose;
};

/* Ends the program with status 2, and a line that says why, where the command line is wrong. */
void options_parse(struct opts *opts, int argc, char **argv);

#endif
