// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* hazard.c - what some kernels do to a process that is probed, and how we keep away from it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collect/hazard.h"
#include "fail.h"

#define NOPS_MOST 64	/* bytes of them that a function may begin with */

bool hazard_return_probes(const char *release)
{
	int major = 0, minor = 0, patch = 0;

	if (sscanf(release, "%d.%d.%d", &major, &minor, &patch) < 2 || major != 6)
		return false;
	return minor == 11 || (minor == 12 && patch < 14) || (minor == 13 && patch < 3);
}

static bool thread_is_filtered(pid_t pid, const char *tid)
{
	char path[64], line[256];
	int mode = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, tid);
	f = fopen(path, "re");
	while (f && !mode && fgets(line, sizeof(line), f))
		sscanf(line, "Seccomp: %d", &mode);
	if (f)
		fclose(f);
	return mode;
}

/* Each thread may have its own. */
static bool is_filtered(pid_t pid)
{
	bool found = false;
	struct dirent *entry;
	char path[32];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && !found && (entry = readdir(tasks)))
		found = entry->d_name[0] != '.' && thread_is_filtered(pid, entry->d_name);
	if (tasks)
		closedir(tasks);
	return found;
}

int hazard_check_return_probes(pid_t pid)
{
	struct utsname u;

	if (uname(&u) || !hazard_return_probes(u.release) || !is_filtered(pid))
		return 0;
	return fail(-ENOTSUP, "process %d has a system call filter, and Linux %s ends such a process at a return probe (CVE-2025-21834); "
		    "leave out --section, or boot 6.12.14, 6.13.3 or later", pid, u.release);
}

/* How many bytes of a nop that is a call when probed are there. */
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

__u64 hazard_behind_nop(int fd, __u64 offset)
{
	__u64 bytes, end = offset + NOPS_MOST;

	while (offset < end && (bytes = nop_bytes(fd, offset)))
		offset += bytes;
	return offset;
}
