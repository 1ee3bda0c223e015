// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gate.c - `dcbs-bpfprof gate BASELINE.json... -- COMMAND`: the baseline is read, the command is run, and both are compared. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cmd_diff.h"
#include "cli/command/repeat.h"
#include "cli/complain.h"
#include "safety/environment.h"
#include "safety/invoker.h"

#define STATUS_FAILED 1	/* whatever the status of the command was: 3 has a meaning here */
#define NAME_IN_FOLDER "/run-%n.json"

/* A folder for sessions that are not kept; "": there is none. */
struct gate_folder {
	char path[PATH_MAX / 4];
	char pattern[PATH_MAX];
};

/* A percent sign of the folder is written as two: the name has letters. */
static void make_pattern(struct gate_folder *folder)
{
	char *to = folder->pattern;
	const char *p;

	for (p = folder->path; *p; p++) {
		if (*p == '%')
			*to++ = '%';
		*to++ = *p;
	}
	strcpy(to, NAME_IN_FOLDER);
}

/* The folder belongs to the user to whom the sessions belong. */
static int make_folder(struct gate_folder *folder)
{
	const char *parent = environment_original_value("TMPDIR");
	int err = invoker_files_begin();

	if (err)
		return err;
	if (snprintf(folder->path, sizeof(folder->path), "%s/dcbs-gate-XXXXXX", parent && *parent == '/' ? parent : "/tmp") >=
	    (int)sizeof(folder->path))
		err = -ENAMETOOLONG;
	else if (!mkdtemp(folder->path))
		err = -errno;
	invoker_files_end();
	if (!err) {
		make_pattern(folder);
		return 0;
	}
	folder->path[0] = 0;
	return fail(err, "cannot make a folder for the sessions: %s; choose one with -o FOLDER/", strerror(-err));
}

static void remove_folder(const struct gate_folder *folder, const struct repeated_runs *runs)
{
	size_t i;

	if (!folder->path[0] || invoker_files_begin())
		return;
	for (i = 0; i < MERGE_SESSIONS; i++)
		if (runs->files[i])
			unlink(runs->files[i]);
	rmdir(folder->path);
	invoker_files_end();
}

/* The baseline is read first: a file that is none is found before the command runs. */
static int run_gate(struct loaded_sessions *old_side, struct repeated_runs *runs, const struct opts *opts)
{
	static struct loaded_sessions new_side;
	int status;

	if (loaded_sessions_add(old_side, opts->diff.old_files, opts->diff.nr_old))
		return complain();
	if (!repeat_command(runs, opts))
		return STATUS_FAILED;
	if (runs->nr < (size_t)opts->repeat) {
		fail(-EINTR, "a signal ended the runs before all %d were made: nothing was compared", opts->repeat);
		return complain();
	}
	status = loaded_sessions_add(&new_side, (const char *const *)runs->files, runs->nr) ? complain() :
		 cmd_diff_compare(old_side, &new_side, &opts->diff);
	loaded_sessions_free(&new_side);
	return status;
}

int cmd_gate(const struct opts *opts)
{
	static struct loaded_sessions old_side;
	static struct repeated_runs runs;
	static struct gate_folder folder;
	static struct opts mine;
	int status;

	mine = *opts;
	mine.profile.pids = mine.pids;
	mine.profile.sections = mine.sections;
	if (invoker_find() || (!mine.nr_outputs && make_folder(&folder)))
		return complain();
	if (!mine.nr_outputs)
		mine.outputs[mine.nr_outputs++] = folder.pattern;
	status = run_gate(&old_side, &runs, &mine);
	remove_folder(&folder, &runs);
	repeat_free(&runs);
	loaded_sessions_free(&old_side);
	return status;
}
