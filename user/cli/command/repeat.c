// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* repeat.c - see repeat.h; and `dcbs-bpfprof --repeat N -- COMMAND`. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "cli/cmd_profile.h"
#include "cli/command/loaded_sessions.h"
#include "cli/command/output_names.h"
#include "cli/command/repeat.h"
#include "cli/complain.h"
#include "cli/output.h"
#include "safety/invoker.h"

#define STATUS_FAILED 125	/* no session of the run, as in cmd_profile.c */

/* ---- signals: the run ends its profile, and no other run follows ---- */

static volatile sig_atomic_t end_requested;
static volatile pid_t running;	/* the profiler of this run; 0: none */

/* A terminal sends the signal to the run as well; kill does not. */
static void end_runs(int number, siginfo_t *info, void *context)
{
	(void)context;
	end_requested = 1;
	if (running > 0 && info->si_code <= 0)
		kill(running, number);
}

static void catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_sigaction = end_runs, .sa_flags = SA_SIGINFO}, old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

/* ---- names ---- */

/* Replaces the letters, except that a percent sign stays written as two: the run replaces letters, too. */
static char *name_of_run(const char *pattern, const struct output_facts *facts)
{
	char path[PATH_MAX], *name = malloc(2 * PATH_MAX), *to = name;
	const char *p;

	if (!name || output_names_expand(path, sizeof(path), pattern, facts)) {
		free(name);
		return NULL;
	}
	for (p = path; *p; p++) {
		if (*p == '%')
			*to++ = '%';
		*to++ = *p;
	}
	*to = 0;
	return name;
}

static bool is_session_name(const char *path)
{
	const char *format = render_by_suffix(path)->name;

	return !strcmp(format, "json") || !strcmp(format, "json.gz");
}

/* Notes the file of the session, the first output of this kind. */
static int note_file(struct repeated_runs *runs, const char *pattern, const struct output_facts *facts)
{
	char path[PATH_MAX];

	if (!is_session_name(pattern) || runs->files[runs->nr])
		return 0;
	if (output_names_expand(path, sizeof(path), pattern, facts))
		return -ENAMETOOLONG;
	runs->files[runs->nr] = strdup(path);
	return runs->files[runs->nr] ? 0 : -ENOMEM;
}

/* Names the outputs of a run. A name that is taken by something else is found before the run. */
static int name_outputs(struct opts *run, struct repeated_runs *runs, const struct opts *opts, const struct output_facts *facts)
{
	size_t i;
	int err = 0;

	for (i = 0; i < opts->nr_outputs && !err; i++) {
		char path[PATH_MAX];

		run->outputs[i] = name_of_run(opts->outputs[i], facts);
		err = run->outputs[i] ? note_file(runs, opts->outputs[i], facts) : -ENAMETOOLONG;
		if (err)
			return fail(err, "cannot write %s: %s", opts->outputs[i], strerror(-err));
		output_names_expand(path, sizeof(path), opts->outputs[i], facts);
		err = output_names_check(path);
	}
	return err;
}

static void free_names(struct opts *run)
{
	size_t i;

	for (i = 0; i < run->nr_outputs; i++)
		free((char *)run->outputs[i]);
}

/* ---- runs ---- */

/* Returns the exit status of the profiler, which is that of the command. */
static int wait_for_run(pid_t pid)
{
	int status;

	running = pid;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_FAILED;
	running = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_once(const struct opts *run)
{
	pid_t pid, parent = getpid();

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		fail(-errno, "cannot start a run: %s", strerror(errno));
		complain();
		return STATUS_FAILED;
	}
	if (pid)
		return wait_for_run(pid);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(STATUS_FAILED);
	exit(cmd_profile(run));
}

/* Returns false if no other run follows. */
static bool one_run(struct repeated_runs *runs, const struct opts *opts, struct output_facts *facts, int number)
{
	struct opts run = *opts;
	int err;

	run.profile.pids = run.pids;
	run.profile.sections = run.sections;
	memset(run.outputs, 0, sizeof(run.outputs));
	run.number = facts->number = number;
	run.unprinted = true;
	err = name_outputs(&run, runs, opts, facts);
	if (err)
		complain();
	runs->status = err ? STATUS_FAILED : run_once(&run);
	free_names(&run);
	if (runs->status) {
		if (!err)
			fprintf(stderr, "dcbs-bpfprof: run %d of %d ended with status %d; no other run follows\n", number, opts->repeat,
				runs->status);
		return false;
	}
	runs->nr++;
	return !end_requested;
}

bool repeat_command(struct repeated_runs *runs, const struct opts *opts)
{
	struct output_facts facts;
	int number = 1;

	catch_signals();
	output_facts_here(&facts, 0, 1);
	while (number <= opts->repeat && one_run(runs, opts, &facts, number))
		number++;
	return !runs->status;
}

void repeat_free(struct repeated_runs *runs)
{
	size_t i;

	for (i = 0; i < MERGE_SESSIONS; i++)
		free(runs->files[i]);
}

/* ---- the command ---- */

static int show_runs(const struct repeated_runs *runs, const struct opts *opts)
{
	static struct loaded_sessions loaded;
	struct dcbs_report *report = NULL;
	int err = loaded_sessions_add(&loaded, (const char *const *)runs->files, runs->nr);

	if (!err)
		err = loaded_sessions_merge(&report, &loaded);
	if (!err)
		err = output_standard(report, opts);
	dcbs_report_free(report);
	loaded_sessions_free(&loaded);
	return err ? complain() : 0;
}

int cmd_repeat(const struct opts *opts)
{
	static struct repeated_runs runs;
	int status;

	if (invoker_find())
		return complain();
	repeat_command(&runs, opts);
	status = runs.nr ? show_runs(&runs, opts) : 0;
	repeat_free(&runs);
	return runs.status ? runs.status : status;
}
