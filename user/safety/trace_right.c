// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* trace_right.c - whether the user who started this program may trace a process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/proc.h"
#include "safety/trace_right.h"

bool trace_right_is_limited(void)
{
	return getauxval(AT_SECURE) && getuid();
}

/* ---- by the kernel ---- */

static int become_mere_user(void)
{
	cap_t none = cap_init();
	int err;

	if (!none)
		return -ENOMEM;
	err = setresgid(getgid(), getgid(), getgid()) || setresuid(getuid(), getuid(), getuid()) || cap_set_proc(none) ? -EPERM : 0;
	cap_free(none);
	return err;
}

/* The kernel checks the right before the address, where no process has memory. Returns 0 or a positive errno. */
static int read_nothing(pid_t pid)
{
	char byte;
	struct iovec local = {&byte, 1}, remote = {NULL, 1};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1 || errno == EFAULT ? 0 : errno;
}

/* Returns 0 or a positive errno. */
static int ask_as_mere_user(pid_t pid)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(become_mere_user() ? EPERM : read_nothing(pid));
	if (child < 0)
		return errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

static int yama_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (file && fscanf(file, "%d", &scope) != 1)
		scope = 0;
	if (file)
		fclose(file);
	return scope;
}

static int refuse_process(pid_t pid)
{
	int scope = yama_scope();

	if (scope && trace_right_holds(pid))
		return fail(-EPERM, "process %d may not be traced by user %u: kernel.yama.ptrace_scope is %d; start the evaluation "
			    "with `dcbs-bpfprof -- COMMAND`, or run as root", pid, getuid(), scope);
	return fail(-EPERM, "process %d may not be traced by user %u, who started dcbs-bpfprof without root: it belongs to another user "
		    "or has more rights; run as root: sudo dcbs-bpfprof -p %d", pid, getuid(), pid);
}

int trace_right_ask(pid_t pid)
{
	int err;

	if (!trace_right_is_limited())
		return 0;
	err = trace_right_holds(pid) ? ask_as_mere_user(pid) : EPERM;
	if (err == ESRCH)
		return -ESRCH;
	return err ? refuse_process(pid) : 0;
}

/* ---- by /proc ---- */

/* Returns true if all four IDs of the line "NAME:" are this one. */
static bool ids_are(const char *status, const char *name, unsigned int id)
{
	const char *line = strstr(status, name);
	unsigned int ids[4];
	int i;

	if (!line || sscanf(line + strlen(name), "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) != 4)
		return false;
	for (i = 0; i < 4; i++)
		if (ids[i] != id)
			return false;
	return true;
}

/* The kernel gives the files in /proc/PID of a process whose memory may not be read to root. */
static bool is_readable(pid_t pid)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return !stat(path, &st) && st.st_uid == getuid() && st.st_gid == getgid();
}

static bool has_no_capabilities(const char *status)
{
	__u64 permitted;

	return proc_number(status, "CapPrm", 16, &permitted) && !permitted;
}

bool trace_right_holds(pid_t pid)
{
	char status[PROC_TEXT];

	if (!trace_right_is_limited())
		return true;
	return proc_read(pid, "status", status, sizeof(status)) > 0 && ids_are(status, "\nUid:", getuid()) &&
	       ids_are(status, "\nGid:", getgid()) && has_no_capabilities(status) && is_readable(pid);
}
