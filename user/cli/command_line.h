/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* command_line.h - the command line as data. */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "analyse/merge.h"
#include "compare/comparison.h"
#include "dcbs/profiler.h"
#include "render/render.h"

#define OPTS_MAX 64	/* targets, sections and outputs, each */

enum command { COMMAND_PROFILE, COMMAND_REPORT, COMMAND_LIST, COMMAND_CHECK, COMMAND_DIFF, COMMAND_GATE };

/* The command line of `diff`, and of `gate`, whose new side is a command. */
struct diff_opts {
	struct comparison_options compare;
	const char *old_files[COMPARISON_SESSIONS], *new_files[COMPARISON_SESSIONS];
	size_t nr_old, nr_new;
	const char *format;
	const char *budget;		/* a file; NULL: none */
	int repeat;			/* runs of the command of `gate` */
	const char *output;		/* its sessions; NULL: they are not kept */
	bool children;			/* of the command are profiled, too */
	bool inconclusive_fails;	/* a limit that cannot be judged is an error */
	bool verbose;
	int width;
};

struct opts {
	enum command command;
	struct dcbs_options profile;	/* its pids and sections are the following two */
	pid_t pids[OPTS_MAX];
	struct dcbs_native_section sections[OPTS_MAX];
	char **argv;			/* the command to start; NULL: attach to pids */
	const char *outputs[OPTS_MAX];
	size_t nr_outputs;
	int repeat;			/* runs of the command; 0: one, which is printed */
	int number;			/* of this run, from 1 */
	bool unprinted;			/* the report goes to the outputs alone */
	const char *format;
	const char *files[MERGE_SESSIONS];	/* of `report` */
	size_t nr_files;
	enum order_key sort_by;	/* of functions */
	double duration_s;		/* 0: until Ctrl-C or the target's exit */
	double interval_s;
	double checkpoint_s;		/* between updates of the outputs; 0: only at the end */
	const char *listen;		/* the address for scrapers; NULL: none */
	int width;			/* of the text on standard output; 0: that of the terminal */
	bool flat;			/* sections as a list */
	bool summary;			/* the same as the format of that name */
	bool quiet, verbose;
	bool nvtx;			/* the NVTX ranges of the command are sections */
	bool as_root;			/* the command, not only the profiler */
	struct diff_opts diff;
};

#endif
