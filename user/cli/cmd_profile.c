// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_profile.c - `dcbs-bpfprof -p PID` and `dcbs-bpfprof -- COMMAND`: attach, watch, stop, detach, report. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/budget.h"
#include "base/error.h"
#include "bpfprof/abi.h"
#include "cli/cmd_profile.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "cli/output_files.h"
#include "cli/signals.h"
#include "cli/command/nvtx_library.h"
#include "cli/command/spawn.h"
#include "cli/presets/presets.h"
#include "cli/scrape/scrape_figures.h"
#include "cli/watch.h"
#include "host/bpf_stats.h"
#include "host/requirements.h"
#include "safety/invoker.h"
#include "safety/pid_namespace.h"
#include "safety/sandbox.h"
#include "serve/server.h"

#define STATUS_FAILED 1
#define STATUS_FAILED_WITH_COMMAND 125	/* as timeout, env and nice: 126 and 127 are in spawn.h */

/* All that a profile has between attach and report. */
struct profile {
	const struct opts *opts;
	struct spawned child;
	struct dcbs_profiler *prof;
	struct server *server;
	struct outputs outputs;
	struct preset_list presets;
	struct scrape_figures figures;
};

/* Returns the exit status if there is no report. */
static int failure_status(const struct profile *p)
{
	return p->opts->argv ? STATUS_FAILED_WITH_COMMAND : STATUS_FAILED;
}

/* ---- attach ---- */

static int attach_targets(struct profile *p)
{
	struct dcbs_options options = p->opts->profile;
	int err;

	options.packages = p->presets.packages;
	options.nr_packages = p->presets.nr;
	if (p->child.pid) {
		options.pids = &p->child.pid;
		options.nr_pids = 1;
		options.argv = p->opts->argv;
	}
	signals_bound_attaching(failure_status(p));
	err = dcbs_profiler_open(&p->prof, &options);
	signals_attached();
	if (p->child.pid && !err && signals_end_requested())
		err = fail(-EINTR, "a signal ended the profile before the command was started");
	if (!err && p->child.pid)
		err = spawn_go(&p->child, p->opts->argv);
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

static int start_profile(struct profile *p)
{
	int err;

	if (p->opts->profile.return_probes && p->opts->profile.nr_sections)
		fputs("dcbs-bpfprof: --return-probes replaces return addresses on the stacks of the process: fibers, longjmp, "
		      "pthread_cancel and code that looks at its own stack may break\n", stderr);
	output_files_raise_limit();
	raise_descriptor_limit();
	err = attach_targets(p);
	if (!err)
		err = server_open(&p->server, p->prof, p->opts->verbose ? stderr : NULL);
	if (!err)
		err = scrape_figures_serve(&p->figures, p->prof, p->server);
	if (!err)
		err = dcbs_profiler_confine(p->prof);
	return err ? err : enter_sandbox(p->prof);
}

/* ---- report ---- */

/* Files come first: the reader of standard output may leave, or not read on. */
static bool publish_report(struct profile *p, const struct dcbs_report *report)
{
	bool good = output_files_write(&p->outputs, report, p->opts, false);

	if (!p->opts->unprinted && output_standard(report, p->opts)) {
		output_files_keep_standard(&p->outputs, report, p->opts);
		good = false;
	}
	return output_files_write(&p->outputs, report, p->opts, true) && good;
}

/* When this returns, the kernel has removed all probes and programs: the report may take its time. */
static int stop_profile(struct profile *p, enum dcbs_ended_by by, struct dcbs_report **report)
{
	bool by_user = signals_end_requested();
	int err;

	server_close(p->server);
	p->server = NULL;
	dcbs_profiler_stop(p->prof, by);
	if (!by_user)	/* Ctrl-C ends the command, too, but a little earlier or later */
		spawn_collect(&p->child);
	err = dcbs_profiler_snapshot(p->prof, report);
	dcbs_profiler_close(p->prof);
	p->prof = NULL;
	return err;
}

/* Returns true if the report was made and is where it was to be. */
static bool run_profile(struct profile *p)
{
	struct dcbs_report *report;
	bool good;

	if (start_profile(p)) {
		complain();
		return false;
	}
	if (p->opts->verbose)
		dcbs_profiler_describe(p->prof, stderr);
	if (stop_profile(p, watch(p->prof, p->server, &p->outputs, p->opts), &report)) {
		complain();
		return false;
	}
	good = publish_report(p, report);
	dcbs_report_free(report);
	return good;
}

/* With a command, its own status is passed on. It is 0 if the command still runs, or the user has ended the profile. */
static int final_status(const struct profile *p, bool good)
{
	if (good || p->child.failure)
		return p->child.failure + p->child.status;
	return failure_status(p);
}

/* The command is there before the files are opened, which may have the name of its process; it waits for the profiler. */
static int prepare_profile(struct profile *p)
{
	char nvtx[NVTX_LIBRARY_BYTES];
	const struct spawn_options options = {
		.children = p->opts->profile.children, .nvtx_library = p->opts->nvtx ? nvtx : NULL, .as_root = p->opts->as_root,
	};
	struct output_facts facts;
	int err = pid_namespace_check() ?: invoker_find() ?: scrape_figures_listen(&p->figures, p->opts->listen);

	if (!err && p->opts->nvtx)
		err = nvtx_library_find(nvtx);
	if (!err && p->opts->argv)
		err = spawn_start(&p->child, p->opts->argv, &options);
	if (err)
		return err;
	output_facts_here(&facts, p->child.pid ? p->child.pid : p->opts->pids[0], p->opts->number);
	return output_files_open(&p->outputs, p->opts, &facts);
}

int cmd_profile(const struct opts *opts)
{
	static struct profile profile;
	int status;

	profile.opts = opts;
	profile.child.go = profile.child.failed = -1;
	signals_catch();
	if (prepare_profile(&profile)) {
		complain();
		spawn_abandon(&profile.child);
		scrape_figures_end(&profile.figures);
		output_files_close(&profile.outputs);
		return final_status(&profile, false);
	}
	if (!opts->profile.nr_sections)
		presets_find(&profile.presets);
	bpf_stats_prepare();
	budget_limit_memory();
	status = final_status(&profile, run_profile(&profile));
	signals_exit_with(status);
	spawn_abandon(&profile.child);
	output_files_close(&profile.outputs);
	bpf_stats_end();
	server_close(profile.server);
	scrape_figures_end(&profile.figures);
	dcbs_profiler_close(profile.prof);
	presets_free(&profile.presets);
	return status;
}
