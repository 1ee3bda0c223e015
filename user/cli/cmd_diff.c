// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_diff.c - `dcbs-bpfprof diff OLD.json... -- NEW.json...`: compares saved sessions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/sanitize.h"
#include "cli/cmd_diff.h"
#include "cli/command/loaded_sessions.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/options/budget_file.h"
#include "compare/compare.h"
#include "safety/invoker.h"

#define STATUS_EXCEEDED 3
#define NAME_BYTES 4096

/* A limit that cannot be judged is no success of a test. */
static int exit_status(const struct comparison *c, const struct diff_opts *opts)
{
	if (c->nr_exceeded)
		return STATUS_EXCEEDED;
	if (!c->nr_cannot_tell || !opts->inconclusive_fails)
		return 0;
	fail(-EINVAL, "%zu of %zu limits cannot be judged: record at least %zu sessions on each side, or give --inconclusive pass",
	     c->nr_cannot_tell, c->nr_limits, comparison_sessions_needed(c));
	return complain();
}

/* Adds the limits of the file of --budget to those of --fail-if. */
static int load_budget(struct comparison_options *options, const char *file)
{
	char *name = sanitize(file, NAME_BYTES);
	int err = name ? budget_read(options->limits, &options->nr_limits, file, name) : fail(-ENOMEM, "no memory for --budget");

	free(name);
	return err;
}

int cmd_diff_compare(const struct loaded_sessions *old_side, const struct loaded_sessions *new_side, const struct diff_opts *opts)
{
	static struct comparison_options options;
	const struct comparison_side sides[2] = {
		{(const char *const *)old_side->names, old_side->reports, old_side->nr},
		{(const char *const *)new_side->names, new_side->reports, new_side->nr},
	};
	struct comparison *comparison;
	int status;

	options = opts->compare;
	if ((opts->budget && load_budget(&options, opts->budget)) ||
	    compare_sessions(&comparison, &options, &sides[0], &sides[1]))
		return complain();
	status = output_comparison(comparison, opts) ? complain() : exit_status(comparison, opts);
	compare_free(comparison);
	return status;
}

int cmd_diff(const struct diff_opts *opts)
{
	static struct loaded_sessions old_side, new_side;
	int status;

	if (invoker_find() || loaded_sessions_add(&old_side, opts->old_files, opts->nr_old) ||
	    loaded_sessions_add(&new_side, opts->new_files, opts->nr_new))
		status = complain();
	else
		status = cmd_diff_compare(&old_side, &new_side, opts);
	loaded_sessions_free(&old_side);
	loaded_sessions_free(&new_side);
	return status;
}
