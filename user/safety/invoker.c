// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* invoker.c - the user who started the profiler, if it runs as root for another user. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "safety/invoker.h"

#define GROUPS 256

static struct {
	uid_t uid;
	gid_t gid, groups[GROUPS], before[GROUPS];
	int nr_groups, nr_before;
	bool other;
} invoker;

/* Returns 0 if the text is a number that a user or a group can have, and nothing else. */
static int parse_id(const char *text, unsigned int *id)
{
	unsigned long n;
	char *end;

	if (!text || text[strspn(text, "0123456789")] || !*text)
		return -EINVAL;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || n >= (unsigned int)-1)	/* -1 means: no user */
		return -ERANGE;
	*id = (unsigned int)n;
	return 0;
}

/* Reads the groups from the user database. A user who is not in it has only the group of SUDO_GID. */
static void find_groups(void)
{
	const struct passwd *user = getpwuid(invoker.uid);

	invoker.nr_groups = GROUPS;
	if (user && getgrouplist(user->pw_name, invoker.gid, invoker.groups, &invoker.nr_groups) >= 0)
		return;
	invoker.groups[0] = invoker.gid;
	invoker.nr_groups = 1;
}

int invoker_find(void)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	invoker.uid = getuid();
	invoker.gid = getgid();
	if (!invoker.uid && (uid || gid) && (parse_id(uid, &invoker.uid) || parse_id(gid, &invoker.gid)))
		return fail(-EINVAL, "SUDO_UID and SUDO_GID do not name a user and a group; unset them, or start with sudo");
	invoker.other = invoker.uid != geteuid();
	if (!invoker.other)
		return 0;
	find_groups();
	invoker.nr_before = getgroups(GROUPS, invoker.before);
	return invoker.nr_before < 0 ? fail(-errno, "cannot read the groups of this process: %s", strerror(errno)) : 0;
}

uid_t invoker_uid(void)
{
	return invoker.uid;
}

bool invoker_is_other(void)
{
	return invoker.other;
}

/* Changes only the IDs for file access. With them the kernel also takes away root's rights over other users' files. */
int invoker_files_begin(void)
{
	if (!invoker.other)
		return 0;
	if (setgroups((size_t)invoker.nr_groups, invoker.groups))
		return fail(-errno, "cannot act for user %u: %s", invoker.uid, strerror(errno));
	setfsgid(invoker.gid);
	setfsuid(invoker.uid);
	if (setfsuid((uid_t)-1) == (int)invoker.uid && setfsgid((gid_t)-1) == (int)invoker.gid)
		return 0;
	invoker_files_end();
	return fail(-EPERM, "cannot act for user %u", invoker.uid);
}

void invoker_files_end(void)
{
	if (!invoker.other)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
	if (setgroups((size_t)invoker.nr_before, invoker.before))
		setfsuid(geteuid());	/* root has fewer groups than before, which it does not need */
}

static int change_ids(void)
{
	if (setgroups((size_t)invoker.nr_groups, invoker.groups) || setresgid(invoker.gid, invoker.gid, invoker.gid) ||
	    setresuid(invoker.uid, invoker.uid, invoker.uid))
		return fail(-errno, "cannot become user %u: %s", invoker.uid, strerror(errno));
	invoker.other = false;
	return 0;
}

int invoker_become(void)
{
	if (!invoker.other)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return fail(-errno, "cannot become user %u: %s", invoker.uid, strerror(errno));
	return change_ids();
}

int invoker_become_mere(void)
{
	return invoker.other ? change_ids() : 0;
}

void invoker_set_variables(void)
{
	const struct passwd *user = getpwuid(invoker.uid);

	setenv("HOME", user ? user->pw_dir : "/", 1);
	setenv("SHELL", user && *user->pw_shell ? user->pw_shell : "/bin/sh", 1);
	if (user) {
		setenv("USER", user->pw_name, 1);
		setenv("LOGNAME", user->pw_name, 1);
	} else {
		unsetenv("USER");
		unsetenv("LOGNAME");
	}
}
