// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_report.c - `dcbs-bpfprof report FILE.json`: shows a saved session. */
#include "cli/cmd_report.h"
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

int cmd_report(const struct opts *opts)
{
	static struct outputs outputs;
	struct dcbs_report *report;
	bool good;

	if (invoker_find() || dcbs_report_load(&report, opts->file))
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
