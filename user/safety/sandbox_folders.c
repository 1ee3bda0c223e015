// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sandbox_folders.c - limits a process to some folders in which it may create, write, rename and remove files. */
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "safety/sandbox_folders.h"

#define TRUNCATES 3		/* the version of Landlock that knows truncate() */
#define ACCESS_TRUNCATE (1ULL << 14)
#define FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define OTHER_NODES \
	(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* The right to truncate a file is decided when it is opened, also for a process that gets the descriptor. */
static bool allow_folders(int ruleset, __u64 access, const int *folders, size_t nr)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	size_t i;

	for (i = 0; i < nr; i++) {
		rule.parent_fd = folders[i];
		if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
			return false;
	}
	return true;
}

bool sandbox_folders(const int *folders, size_t nr)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const __u64 files = version >= TRUNCATES ? FILES | ACCESS_TRUNCATE : FILES;
	const struct landlock_ruleset_attr limited = {.handled_access_fs = files | OTHER_NODES};
	int ruleset;
	bool done;

	ruleset = version > 0 ? (int)syscall(SYS_landlock_create_ruleset, &limited, sizeof(limited), 0) : -1;
	if (ruleset < 0)
		return false;
	done = allow_folders(ruleset, files, folders, nr) && !syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return done;
}
