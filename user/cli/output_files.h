/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * output_files.h - the files of --output: opened before the run, kept up to date during it, complete after it.
 *
 * A report that its file does not take is kept in another one: see safety/owned_file.h.
 */
#ifndef CLI_OUTPUT_FILES_H
#define CLI_OUTPUT_FILES_H

#include "cli/command/output_names.h"
#include "cli/command_line.h"
#include "dcbs/profiler.h"
#include "safety/file_keeper.h"

/* Too large for the stack. */
struct outputs {
	char *names[OPTS_MAX];			/* of the files, as they were given or with their letters replaced */
	struct owned_file files[OPTS_MAX + 1];	/* the last one is the spare, for a report that standard output does not take */
	size_t nr;				/* files of --output */
	size_t written;				/* files that hold the whole report */
	char spare[64];				/* name of the spare */
	struct file_keeper keeper;
	size_t unanswered;			/* commits of the last checkpoint */
	bool warned;				/* about a checkpoint that could not be written */
};

/*
 * `outputs` is all zeros. Opens every file, so that one that cannot be written is found before the run. The facts are for names with
 * letters, see command/output_names.h.
 */
int output_files_open(struct outputs *outputs, const struct opts *opts, const struct output_facts *facts);

/* Lets files be as large as this process may make them. Called after the command was started, which keeps its limits. */
void output_files_raise_limit(void);

/*
 * Writes the report to each file, in the format of its suffix. streams: to those that may make the writer wait, and else
 * to the others. Prints a line for each file that has another name now, or could not be written; returns false then.
 */
bool output_files_write(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts, bool streams);

/* Replaces the files by the report so far. Returns the number of files that can be replaced. */
size_t output_files_checkpoint(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts);

/*
 * Called when standard output did not take the report, with the error: prints it, and keeps the report in a file unless
 * another file has it already.
 */
void output_files_keep_standard(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts);

void output_files_close(struct outputs *outputs);

#endif
