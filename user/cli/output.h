/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* output.h - writes a report in one of the formats, to standard output or to an open file. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "dcbs/profiler.h"
#include "cli/command_line.h"

/*
 * Returns an error if standard output is closed. Opens /dev/null for closed standard descriptors, so that no later file
 * gets their numbers.
 */
int output_check_standard(void);

/* Writes the report to standard output, in the format of --format. A signal ends a wait for its reader: -EINTR. */
int output_standard(const struct dcbs_report *report, const struct opts *opts);

/* Writes a comparison to standard output, in the format of --format. */
int output_comparison(const struct comparison *comparison, const struct diff_opts *opts);

/* Writes the report so far, as text, to standard error. */
void output_so_far(const struct dcbs_report *report, const struct opts *opts);

/* Writes the report to an open file in the format of the suffix of `path`, and closes it. Returns -errno. */
int output_fill(int fd, const char *path, const struct dcbs_report *report, const struct opts *opts);

#endif
