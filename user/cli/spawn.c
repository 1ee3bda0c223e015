// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* spawn.c - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/spawn.h"
#include "safety/environment.h"
#include "base/error.h"

/*
 * Makes the markers of this process wait for the probe before their first section, see user/marker/leader.c.
 * children: those of its children as well.
 */
static void set_marker_variables(bool children)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("DCBS_MARKERS_WAIT", pid, 1);
	snprintf(pid, sizeof(pid), "%d", getppid());
	if (children)
		setenv("DCBS_MARKERS_WAIT_FOR", pid, 1);
}

static void __attribute__((noreturn)) child_run(char **argv, int go, int failed, bool children)
{
	char word;
	int err;

	/* One byte means: execute. End of file means that the profiler has ended. */
	if (read(go, &word, 1) != 1)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	dup2(STDERR_FILENO, STDOUT_FILENO);	/* the profiler's is for the report alone */
	environ = environment_original();
	set_marker_variables(children);
	execvp(argv[0], argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int spawn_start(struct spawned *child, char **argv, bool children)
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
		child_run(argv, go[0], failed[1], children);
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
	return fail(-err, "cannot execute %s: %s", argv[0], strerror(err));
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
