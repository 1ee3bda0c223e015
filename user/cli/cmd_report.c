// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_report.c - `dcbs-bpfprof report FILE.json`: shows a saved session. */
#include "cli/cmd_report.h"
#include "cli/output.h"
#include "safety/invoker.h"

int cmd_report(const struct opts *opts)
{
	struct outputs outputs;
	struct dcbs_report *report;
	int err = invoker_find();

	if (!err)
		err = dcbs_report_load(&report, opts->file);
	if (err)
		return err;
	err = outputs_open(&outputs, opts);
	if (!err) {
		err = output_standard(report, opts);
		if (!err)
			err = outputs_write(&outputs, report, opts);
		outputs_close(&outputs);
	}
	dcbs_report_free(report);
	return err;
}
