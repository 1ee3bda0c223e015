// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* kernel_quirks.c - harm that some kernels do to probed processes, and how the profiler avoids it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/kernel_quirks.h"
#include "base/error.h"
#include "base/proc.h"

bool kernel_quirks_kill_at_return(const char *release)
{
	int major = 0, minor = 0, patch = 0;

	if (sscanf(release, "%d.%d.%d", &major, &minor, &patch) < 2 || major != 6)
		return false;
	return minor == 11 || (minor == 12 && patch < 14) || (minor == 13 && patch < 3);
}

/* Each thread may have a filter of its own. */
static bool thread_is_unfiltered(void *found, pid_t tid)
{
	__u64 mode = 0;

	*(bool *)found = proc_status_number(tid, "Seccomp", 10, &mode) && mode;
	return !*(bool *)found;
}

static bool is_filtered(pid_t pid)
{
	bool found = false;

	proc_each_thread(pid, thread_is_unfiltered, &found);
	return found;
}

int kernel_quirks_check_return(pid_t pid)
{
	struct utsname u;

	if (uname(&u) || !kernel_quirks_kill_at_return(u.release) || !is_filtered(pid))
		return 0;
	return fail(-ENOTSUP, "process %d has a system call filter, and Linux %s ends such a process at a return probe "
		    "(CVE-2025-21834); leave out --section, or boot 6.12.14, 6.13.3 or later", pid, u.release);
}
