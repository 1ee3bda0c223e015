// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_profile.c - `dcbs-bpfprof -p PID` and `dcbs-bpfprof -- COMMAND`: attach, watch, stop, report. */
#include <stdio.h>
#include <sys/resource.h>

#include "bpfprof/abi.h"
#include "cli/cmd_profile.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/spawn.h"
#include "cli/watch.h"
#include "host/bpf_stats.h"
#include "host/requirements.h"
#include "safety/invoker.h"
#include "safety/sandbox.h"
#include "serve/server.h"

static int attach_targets(struct dcbs_profiler **prof, const struct opts *opts, struct spawned *child)
{
	struct dcbs_options options = opts->profile;
	int err;

	if (child->pid) {
		options.pids = &child->pid;
		options.nr_pids = 1;
		options.argv = opts->argv;
	}
	err = dcbs_profiler_open(prof, &options);
	if (!err && child->pid)
		err = spawn_go(child, opts->argv);
	return err;
}

/* Called when everything that needs privileges is done. From then on the profiler reads data that the targets have written. */
static int enter_sandbox(const struct dcbs_profiler *prof)
{
	pid_t pids[BPFPROF_PROCESSES];

	return sandbox_profiler(requirements_after_attach(pids, dcbs_profiler_pids(prof, pids, BPFPROF_PROCESSES)));
}

/* Each child that is followed takes a descriptor. The command was forked before and keeps its own limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int start_profile(struct dcbs_profiler **prof, struct server **server, const struct opts *opts, struct spawned *child)
{
	const struct spawn_options options = {.children = opts->profile.children, .as_root = opts->as_root};
	int err = 0;

	if (opts->argv)
		err = spawn_start(child, opts->argv, &options);
	raise_descriptor_limit();
	if (!err)
		err = attach_targets(prof, opts, child);
	if (!err)
		err = server_open(server, *prof, opts->verbose ? stderr : NULL);
	if (!err)
		err = dcbs_profiler_confine(*prof);
	return err ? err : enter_sandbox(*prof);
}

/* Standard output comes first, so that the report is not lost if a file cannot be written. */
static int publish_report(struct dcbs_profiler *prof, const struct opts *opts, struct outputs *outputs)
{
	struct dcbs_report *report;
	int status = 0;

	if (dcbs_profiler_snapshot(prof, &report))
		return complain();
	if (output_standard(report, opts))
		status = complain();
	if (outputs_write(outputs, report, opts))
		status = complain();
	dcbs_report_free(report);
	return status;
}

static int run_profile(struct dcbs_profiler *prof, struct server *server, const struct opts *opts, struct outputs *outputs)
{
	enum dcbs_ended_by by;

	if (opts->verbose)
		dcbs_profiler_describe(prof, stderr);
	by = watch(prof, server, opts);
	server_close(server);
	dcbs_profiler_stop(prof, by);
	return publish_report(prof, opts, outputs);
}

int cmd_profile(const struct opts *opts)
{
	struct spawned child = {.go = -1, .failed = -1};
	struct dcbs_profiler *prof = NULL;
	struct server *server = NULL;
	struct outputs outputs;
	int status;

	if (invoker_find() || outputs_open(&outputs, opts))
		return complain();
	bpf_stats_prepare();
	watch_signals();
	status = start_profile(&prof, &server, opts, &child) ? complain() : run_profile(prof, server, opts, &outputs);
	spawn_abandon(&child);
	outputs_close(&outputs);
	bpf_stats_end();
	watch_signals_done(status);
	dcbs_profiler_close(prof);
	return status;
}
