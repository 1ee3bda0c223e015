// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* spawn.c - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/signals.h"
#include "cli/command/nvtx_library.h"
#include "cli/command/spawn.h"
#include "safety/environment.h"
#include "safety/invoker.h"
#include "safety/pid_namespace.h"
#include "base/error.h"

/* The command may start processes in another PID namespace, where the number is another process's. So the inode of ours follows. */
static void set_pid_variable(const char *name, pid_t pid)
{
	unsigned long long inode = pid_namespace_inode();
	char value[48];

	snprintf(value, sizeof(value), inode ? "%d.%llu" : "%d", pid, inode);
	setenv(name, value, 1);
}

/*
 * Makes the markers of this process wait for the probe before their first section, see user/marker/leader.c.
 * children: those of its children as well.
 */
static void set_marker_variables(bool children)
{
	set_pid_variable("DCBS_MARKERS_WAIT", getpid());
	if (children)
		set_pid_variable("DCBS_MARKERS_WAIT_FOR", getppid());
}

static void __attribute__((noreturn)) report_failure(int failed, int err)
{
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* Rights are given up before the wait, so that the profiler sees the user as whom the command will run. */
static void __attribute__((noreturn)) child_run(char **argv, int go, int failed, const struct spawn_options *options)
{
	bool for_user = invoker_is_other() && !options->as_root;
	int err = for_user ? invoker_become_mere() : 0;
	char word;

	/* One byte means: execute. End of file means that the profiler has ended. */
	if (read(go, &word, 1) != 1)
		_exit(1);
	signals_restore();
	dup2(STDERR_FILENO, STDOUT_FILENO);	/* the profiler's is for the report alone */
	environ = environment_original();
	if (for_user)
		invoker_set_variables();
	set_marker_variables(options->children);
	if (options->nvtx_library)
		setenv(NVTX_VARIABLE, options->nvtx_library, 1);
	if (!err)
		execvp(argv[0], argv);
	report_failure(failed, err ? -err : errno);
}

int spawn_start(struct spawned *child, char **argv, const struct spawn_options *options)
{
	int go[2], failed[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		return fail(-errno, "cannot start %s: %s", argv[0], strerror(errno));
	child->pid = fork();
	if (child->pid < 0)
		return fail(-errno, "cannot start %s: %s", argv[0], strerror(errno));
	if (!child->pid) {
		close(go[1]);
		close(failed[0]);
		child_run(argv, go[0], failed[1], options);
	}
	close(go[0]);
	close(failed[1]);
	child->go = go[1];
	child->failed = failed[0];
	return 0;
}

int spawn_go(struct spawned *child, char **argv)
{
	ssize_t n = write(child->go, "g", 1);
	int err;

	close(child->go);
	child->go = -1;
	if (n == 1)
		n = read(child->failed, &err, sizeof(err));	/* end of file: exec closed it */
	else
		err = EPIPE, n = sizeof(err);
	close(child->failed);
	if (n != sizeof(err))
		return 0;
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	child->failure = err == ENOENT ? SPAWN_NOT_FOUND : SPAWN_NOT_EXECUTABLE;
	return fail(-err, "cannot execute %s: %s", argv[0], strerror(err));
}

void spawn_collect(struct spawned *child)
{
	int status;

	if (!child->pid || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void spawn_abandon(struct spawned *child)
{
	if (!child->pid || child->go < 0)
		return;
	close(child->go);
	close(child->failed);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
