// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* output_files.c - the files of --output: opened before the run, kept up to date during it, complete after it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/output_files.h"

/* ---- open ---- */

/* Stores the name, to be freed. A name that the user did not choose must not replace anything but a session. */
static int make_name(char **name, const char *pattern, const struct output_facts *facts)
{
	char path[PATH_MAX];
	int err = output_names_expand(path, sizeof(path), pattern, facts);

	if (err)
		return fail(err, "cannot write %s: the name is too long; choose another --output", pattern);
	err = output_names_has(pattern, 0) ? output_names_check(path) : 0;
	if (err)
		return err;
	*name = strdup(path);
	return *name ? 0 : fail(-ENOMEM, "no memory for %s", path);
}

static int open_all(struct outputs *outputs, const struct opts *opts, const struct output_facts *facts)
{
	int err = 0;

	while (outputs->nr < opts->nr_outputs && !err) {
		char **name = &outputs->names[outputs->nr];

		err = make_name(name, opts->outputs[outputs->nr], facts);
		if (!err)
			err = owned_file_open(&outputs->files[outputs->nr], *name);
		if (!err)
			outputs->nr++;
	}
	if (err)
		return err;
	snprintf(outputs->spare, sizeof(outputs->spare), "dcbs-bpfprof%s", render_by_name(opts->format)->suffix);
	owned_file_prepare(&outputs->files[outputs->nr], outputs->spare);
	return 0;
}

static void free_names(struct outputs *outputs)
{
	size_t i;

	for (i = 0; i < OPTS_MAX; i++) {
		free(outputs->names[i]);
		outputs->names[i] = NULL;
	}
}

int output_files_open(struct outputs *outputs, const struct opts *opts, const struct output_facts *facts)
{
	int err;
	size_t i;

	err = open_all(outputs, opts, facts);
	if (!err)
		err = file_keeper_start(&outputs->keeper, outputs->files, outputs->nr + 1);
	if (err) {
		for (i = 0; i < outputs->nr; i++)
			owned_file_close(&outputs->files[i]);
		free_names(outputs);
	}
	return err;
}

void output_files_raise_limit(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	if (!setrlimit(RLIMIT_FSIZE, &none) || getrlimit(RLIMIT_FSIZE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* ---- the keeper ---- */

/* Waits for the answer to an order about a file. Its descriptor is the file's from then on. */
static int ask_keeper(struct outputs *outputs, size_t i, enum keeper_order order, struct keeper_answer *answer)
{
	int err = file_keeper_order(&outputs->keeper, i, order);

	if (!err)
		err = file_keeper_answer(&outputs->keeper, answer, true);
	if (err)
		return err;
	if (answer->fd >= 0)
		outputs->files[i].fd = answer->fd;
	return answer->err;
}

/* ---- one file ---- */

/* Writes a version and closes it. */
static int fill_file(struct outputs *outputs, size_t i, const struct dcbs_report *report, const struct opts *opts)
{
	struct owned_file *file = &outputs->files[i];
	int err, fd = file->fd;

	file->fd = -1;
	err = output_fill(fd, file->path, report, opts);
	return err;
}

/* Opens a version of the file if none is open, and fills it. */
static int fill_version(struct outputs *outputs, size_t i, const struct dcbs_report *report, const struct opts *opts)
{
	struct keeper_answer answer;
	int err = outputs->files[i].fd < 0 ? ask_keeper(outputs, i, KEEPER_RENEW, &answer) : 0;

	return err ? err : fill_file(outputs, i, report, opts);
}

/* A file in another place is filled anew: what could be written of it may be incomplete. */
static int write_elsewhere(struct outputs *outputs, size_t i, const struct dcbs_report *report, const struct opts *opts,
			   struct keeper_answer *answer)
{
	int err = 0, last;

	while (!(last = ask_keeper(outputs, i, KEEPER_ELSEWHERE, answer))) {
		err = fill_file(outputs, i, report, opts);
		if (!err)
			err = ask_keeper(outputs, i, KEEPER_COMMIT, answer);
		if (!err)
			return 0;
	}
	return err ? err : last;
}

/* Prints the reason for which the report is not where it was to be, and the place where it is. */
static void complain_of_file(const char *path, int reason, const char *where)
{
	if (where)
		fail(reason, "cannot write %s: %s; the report is kept as %s", path, owned_file_reason(reason), where);
	else
		fail(reason, "cannot write %s: %s, and no other folder takes the report", path, owned_file_reason(reason));
	complain();
}

static bool write_one(struct outputs *outputs, size_t i, const struct dcbs_report *report, const struct opts *opts)
{
	struct owned_file *file = &outputs->files[i];
	struct keeper_answer answer = {0};
	int err = fill_version(outputs, i, report, opts);

	if (!err)
		err = ask_keeper(outputs, i, KEEPER_COMMIT, &answer);
	if (!err) {
		outputs->written++;
		if (answer.moved)
			complain_of_file(file->path, answer.moved, answer.where);
		return !answer.moved;
	}
	if (write_elsewhere(outputs, i, report, opts, &answer)) {
		complain_of_file(file->path, err, NULL);
		return false;
	}
	outputs->written++;
	complain_of_file(file->path, err, answer.where);
	return false;
}

/* ---- checkpoints ---- */

static void warn_of_checkpoint(struct outputs *outputs, const char *path, int err)
{
	if (!outputs->warned)
		fprintf(stderr, "dcbs-bpfprof: cannot bring %s up to date: %s; the profile continues\n", path, owned_file_reason(err));
	outputs->warned = true;
}

/* Receives the answers to the commits of the last checkpoint. Returns false if some are missing: the disk is slow. */
static bool receive_answers(struct outputs *outputs, bool wait)
{
	struct keeper_answer answer;

	while (outputs->unanswered) {
		int err = file_keeper_answer(&outputs->keeper, &answer, wait);

		if (err == -EAGAIN)
			return false;
		outputs->unanswered--;
		if (!err && answer.file < outputs->nr && answer.err)
			warn_of_checkpoint(outputs, outputs->files[answer.file].path, answer.err);
	}
	return true;
}

/* Does not wait for the disk: the keeper synchronises and names the file. */
static void start_commit(struct outputs *outputs, size_t i, const struct dcbs_report *report, const struct opts *opts)
{
	int err = fill_version(outputs, i, report, opts);

	if (!err)
		err = file_keeper_order(&outputs->keeper, i, KEEPER_COMMIT);
	if (err)
		warn_of_checkpoint(outputs, outputs->files[i].path, err);
	else
		outputs->unanswered++;
}

size_t output_files_checkpoint(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts)
{
	bool ready = receive_answers(outputs, false);
	size_t i, replaceable = 0;

	for (i = 0; i < outputs->nr; i++) {
		if (outputs->files[i].in_place)
			continue;
		replaceable++;
		if (ready)
			start_commit(outputs, i, report, opts);
	}
	return replaceable;
}

/* ---- the end ---- */

bool output_files_write(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts, bool streams)
{
	bool good = true;
	size_t i;

	receive_answers(outputs, true);
	for (i = 0; i < outputs->nr; i++)
		if (outputs->files[i].stream == streams)
			good &= write_one(outputs, i, report, opts);
	return good;
}

void output_files_keep_standard(struct outputs *outputs, const struct dcbs_report *report, const struct opts *opts)
{
	struct keeper_answer answer = {0};
	const char *reason = dcbs_profiler_error();
	int err = outputs->written ? 0 : write_elsewhere(outputs, outputs->nr, report, opts, &answer);

	if (err)
		fprintf(stderr, "dcbs-bpfprof: %s; it cannot be kept in a file: %s\n", reason, owned_file_reason(err));
	else if (outputs->written)
		fprintf(stderr, "dcbs-bpfprof: %s; the files of --output are complete\n", reason);
	else
		fprintf(stderr, "dcbs-bpfprof: %s; the report is kept as %s\n", reason, answer.where);
}

void output_files_close(struct outputs *outputs)
{
	size_t i;

	for (i = 0; i < outputs->nr; i++)
		if (outputs->files[i].fd >= 0)
			close(outputs->files[i].fd);
	file_keeper_end(&outputs->keeper);
	free_names(outputs);
	outputs->nr = 0;
}
