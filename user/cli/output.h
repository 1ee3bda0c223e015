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

/* Opens every file, so that one that cannot be written is found before the run. */
int outputs_open(struct outputs *outputs, const struct opts *opts);

/* Writes the report to each file, in the format of its suffix. Continues after an error and returns the first one. */
int outputs_write(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts);

void outputs_close(struct outputs *outputs);

/*
 * Returns an error if standard output is closed. Opens /dev/null for closed standard descriptors, so that no later file
 * gets their numbers.
 */
int output_check_standard(void);

/* Writes the report to standard output, in the format of --format. */
int output_standard(const struct dcbs_report *report, const struct opts *opts);

#endif
