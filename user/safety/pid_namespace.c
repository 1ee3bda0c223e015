// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* pid_namespace.c - the PID namespace in which the profiler lives. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "safety/pid_namespace.h"

#define INITIAL_INODE 0xEFFFFFFCU	/* the kernel's own constant, PROC_PID_INIT_INO */

unsigned long long pid_namespace_inode(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

bool pid_namespace_is_initial(void)
{
	unsigned long long inode = pid_namespace_inode();

	return !inode || inode == INITIAL_INODE;
}

/* Returns true if the line has this number and no other behind the name. */
static bool is_only_number(const char *line, long number)
{
	char *end;

	return strtol(line + strcspn(line, "\t"), &end, 10) == number && *end == '\n';
}

/*
 * "NSpid" has the numbers of this process from the namespace of /proc down to its own. "Pid" is the first of them, and the only
 * one on a kernel without namespaces. A /proc of a namespace in which this process does not exist has no /proc/self.
 */
bool pid_namespace_has_proc(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	bool has = false;
	char line[512];

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "Pid:", 4) || !strncmp(line, "NSpid:", 6))
			has = is_only_number(line, getpid());
	if (status)
		fclose(status);
	return has;
}

bool pid_namespace_has_children(void)
{
	struct stat own, children;

	if (stat("/proc/self/ns/pid", &own))
		return true;	/* a kernel without namespaces */
	if (stat("/proc/self/ns/pid_for_children", &children))
		return false;	/* a namespace without any process yet */
	return own.st_dev == children.st_dev && own.st_ino == children.st_ino;
}

int pid_namespace_check(void)
{
	if (!pid_namespace_has_proc())
		return fail(-EOPNOTSUPP, "missing: %s; %s", PID_NAMESPACE_NUMBERS, PID_NAMESPACE_NO_NUMBERS);
	if (!pid_namespace_has_children())
		return fail(-EOPNOTSUPP, "missing: %s; %s", PID_NAMESPACE_HELPERS, PID_NAMESPACE_NO_HELPERS);
	return 0;
}
