// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_report.c - `dcbs-bpfprof report FILE.json...`: shows a saved session, or several as one. */
#include "cli/cmd_report.h"
#include "cli/command/loaded_sessions.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/output_files.h"
#include "safety/invoker.h"

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

/* The session of the command line, or all of them as one. */
static int load_report(struct dcbs_report **report, const struct opts *opts)
{
	static struct loaded_sessions loaded;
	int err;

	if (opts->nr_files == 1)
		return dcbs_report_load(report, opts->files[0]);
	err = loaded_sessions_add(&loaded, opts->files, opts->nr_files);
	if (!err)
		err = loaded_sessions_merge(report, &loaded);
	loaded_sessions_free(&loaded);
	return err;
}

int cmd_report(const struct opts *opts)
{
	static struct outputs outputs;
	struct output_facts facts = {.number = 1};
	struct dcbs_report *report;
	bool good;

	if (invoker_find() || load_report(&report, opts))
		return complain();
	facts.host = report->host.name;
	facts.pid = report->nr_targets ? report->targets[0].pid : 0;
	facts.started_at = report->started_at;
	if (output_files_open(&outputs, opts, &facts)) {
		dcbs_report_free(report);
		return complain();
	}
	output_files_raise_limit();
	good = write_report(report, opts, &outputs);
	output_files_close(&outputs);
	dcbs_report_free(report);
	return good ? 0 : 1;
}
