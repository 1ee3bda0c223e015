/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* output.h - the files of --output: opened before the run, written after it. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "dcbs/profiler.h"
#include "cli/options.h"
#include "safety/owned_file.h"

struct outputs {
	struct owned_file files[OPTS_MAX];
	size_t nr;
};

/* Finds out now whether every file can be written. */
int outputs_open(struct outputs *outputs, const struct opts *opts);

/* Writes the report in the format of each file's suffix. Goes on after an error; returns the first. */
int outputs_write(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts);

void outputs_close(struct outputs *outputs);

/* Is there a standard output? No file that is opened later may take the place of one that is closed. */
int output_check_standard(void);

/* Writes the report to standard output, in the format that is asked for. */
int output_standard(const struct dcbs_report *report, const struct opts *opts);

#endif
