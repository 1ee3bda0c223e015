// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * main.c - the pipeline read aloud: options, targets, attach, watch, stop, report.
 *
 * Standard output carries the report and nothing else; everything said meanwhile goes to standard error.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/report.h"
#include "collect/confine.h"
#include "collect/list.h"
#include "collect/privilege.h"
#include "collect/run_time.h"
#include "collect/session.h"
#include "command.h"
#include "environment.h"
#include "fail.h"
#include "invoker.h"
#include "opts.h"
#include "output.h"
#include "serve.h"
#include "watch.h"

static int complain(void)
{
	fprintf(stderr, "dcbs-bpfprof: %s\n", dcbs_profiler_error());
	return 1;
}

static int attach(struct session **session, const struct opts *opts, struct command_child *child)
{
	const struct dcbs_options o = {
		.pids = child->pid ? &child->pid : opts->pids,
		.nr_pids = child->pid ? 1 : opts->nr_pids,
		.sections = opts->sections,
		.nr_sections = opts->nr_sections,
		.frequency_hz = opts->frequency_hz,
		.threshold_s = opts->threshold_s,
		.max_overhead_percent = opts->max_overhead_percent,
		.end_over_budget = opts->max_overhead_given,
		.children = opts->children,
	};
	size_t i;
	int err = session_open(session, &o, o.nr_pids);

	for (i = 0; i < o.nr_pids && !err; i++)
		err = session_add(*session, o.pids[i]);
	if (!err && child->pid)
		session_expect(*session, opts->argv);
	if (!err)
		err = session_start(*session);
	if (!err && child->pid)
		err = command_go(child, opts->argv);
	return err;
}

/* What takes privileges has been done; from here on we read what the targets have written. */
static int confine(const struct session *session)
{
	pid_t pids[BPFPROF_PROCESSES];

	return confine_profiler(pids, session_pids(session, pids, BPFPROF_PROCESSES));
}

static int make_report(struct session *session, const struct opts *opts, struct dcbs_report **report)
{
	struct snapshot *snap;
	int err = session_snapshot(session, &snap);

	if (err)
		return err;
	err = report_build(report, snap, opts->threshold_s);
	snapshot_free(snap);
	return err;
}

/* Standard output first: if a file cannot be written in the end, the report is not lost. */
static int publish(struct session *session, const struct opts *opts, struct outputs *outputs)
{
	struct dcbs_report *report;
	int status = 0;

	if (make_report(session, opts, &report))
		return complain();
	if (output_standard(report, opts))
		status = complain();
	if (outputs_write(outputs, report, opts))
		status = complain();
	dcbs_report_free(report);
	return status;
}

static int profile(const struct opts *opts, char **argv)
{
	struct command_child child = {.go = -1, .failed = -1};
	struct session *session = NULL;
	struct serve *serve = NULL;
	enum dcbs_ended_by by;
	struct outputs outputs;
	int status;

	if (invoker_find() || outputs_open(&outputs, opts))
		return complain();
	run_time_prepare(argv);
	watch_signals();
	if ((opts->argv && command_start(&child, opts->argv, opts->children)) || attach(&session, opts, &child) ||
	    serve_open(&serve, session, opts->threshold_s, opts->verbose ? stderr : NULL) || confine(session)) {
		status = complain();
	} else {
		if (opts->verbose)
			session_describe(session, stderr);
		by = watch(session, serve, opts);
		serve_close(serve);
		session_stop(session, by);
		status = publish(session, opts, &outputs);
	}
	command_abandon(&child);
	outputs_close(&outputs);
	watch_signals_done(status);
	session_close(session);
	return status;
}

static int report_again(const struct opts *opts)
{
	struct outputs outputs;
	struct dcbs_report *report;
	int err;

	if (invoker_find() || dcbs_report_load(&report, opts->file) || outputs_open(&outputs, opts))
		return complain();
	err = output_standard(report, opts);
	if (!err)
		err = outputs_write(&outputs, report, opts);
	outputs_close(&outputs);
	dcbs_report_free(report);
	return err ? complain() : 0;
}

int main(int argc, char **argv)
{
	struct opts opts;

	environment_clean();
	signal(SIGPIPE, SIG_IGN);
	opts_parse(&opts, argc, argv);
	if (output_check_standard())
		return complain();
	switch (opts.command) {
	case COMMAND_CHECK:
		return privilege_report(stdout) ? complain() : 0;
	case COMMAND_LIST:
		return list_print(stdout) ? complain() : 0;
	case COMMAND_REPORT:
		return report_again(&opts);
	case COMMAND_PROFILE:
		return profile(&opts, argv);
	}
	return 2;
}
