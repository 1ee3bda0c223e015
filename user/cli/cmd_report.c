// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_report.c - `dcbs-bpfprof report FILE.json...`: shows a saved session, or several as one. */
#include <errno.h>
#include <stdlib.h>

#include "analyse/merge.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "cli/cmd_report.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/output_files.h"
#include "safety/invoker.h"

#define NAME_BYTES 4096

/* There is no need to keep what standard output does not take: the session is in its file. */
static bool write_report(const struct dcbs_report *report, const struct opts *opts, struct outputs *outputs)
{
	bool good = output_files_write(outputs, report, opts, false);

	if (output_standard(report, opts)) {
		complain();
		good = false;
	}
	return output_files_write(outputs, report, opts, true) && good;
}

/* The sessions of the command line. Their names are safe to print. */
struct loaded_sessions {
	struct dcbs_report *reports[MERGE_SESSIONS];
	char *names[MERGE_SESSIONS];
	size_t nr;
};

static int load_sessions(struct loaded_sessions *loaded, const struct opts *opts)
{
	int err = 0;

	while (loaded->nr < opts->nr_files && !err) {
		const char *file = opts->files[loaded->nr];
		char *name = sanitize(file, NAME_BYTES);

		err = name ? dcbs_report_load(&loaded->reports[loaded->nr], file) : fail(-ENOMEM, "no memory for %s", file);
		if (err)
			free(name);
		else
			loaded->names[loaded->nr++] = name;
	}
	return err;
}

static void free_sessions(struct loaded_sessions *loaded)
{
	size_t i;

	for (i = 0; i < loaded->nr; i++) {
		dcbs_report_free(loaded->reports[i]);
		free(loaded->names[i]);
	}
	loaded->nr = 0;
}

/* The session of the command line, or all of them as one. */
static int load_report(struct dcbs_report **report, const struct opts *opts)
{
	static struct loaded_sessions loaded;
	int err;

	if (opts->nr_files == 1)
		return dcbs_report_load(report, opts->files[0]);
	err = load_sessions(&loaded, opts);
	if (!err)
		err = merge_reports(report, loaded.reports, (const char *const *)loaded.names, loaded.nr);
	free_sessions(&loaded);
	return err;
}

int cmd_report(const struct opts *opts)
{
	static struct outputs outputs;
	struct dcbs_report *report;
	bool good;

	if (invoker_find() || load_report(&report, opts))
		return complain();
	if (output_files_open(&outputs, opts)) {
		dcbs_report_free(report);
		return complain();
	}
	output_files_raise_limit();
	good = write_report(report, opts, &outputs);
	output_files_close(&outputs);
	dcbs_report_free(report);
	return good ? 0 : 1;
}
