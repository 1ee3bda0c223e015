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

#define NOPS_MAX 64	/* bytes of nops at the beginning of a function that are skipped */

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

/* Returns the length of a nop at the offset that the kernel would turn into a call; 0: there is none. */
static __u64 nop_bytes(int fd, __u64 offset)
{
	static const struct { __u64 size; const char *bytes; } nops[] = {
		{5, "\x0f\x1f\x44\x00\x00"}, {10, "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"},
	};
	char text[10];
	size_t i;

	if (pread(fd, text, sizeof(text), (off_t)offset) != sizeof(text))
		return 0;
	for (i = 0; i < sizeof(nops) / sizeof(nops[0]); i++)
		if (!memcmp(text, nops[i].bytes, nops[i].size))
			return nops[i].size;
	return 0;
}

__u64 kernel_quirks_behind_nop(int fd, __u64 offset)
{
	__u64 bytes, end = offset + NOPS_MAX;

	while (offset < end && (bytes = nop_bytes(fd, offset)))
		offset += bytes;
	return offset;
}
