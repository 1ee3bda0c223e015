// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* owner.c - whose a process is. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "symbol/owner.h"

int owner_of(pid_t pid, struct owner *owner)
{
	bool has_pid = false, has_uid = false;
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		const char *last = strrchr(line, '\t');	/* the innermost namespace comes last */

		has_uid |= sscanf(line, "Uid: %*u %u", &owner->uid) == 1;
		has_pid |= !strncmp(line, "NSpid:", 6) && last && sscanf(last, "%d", &owner->inner_pid) == 1;
	}
	fclose(file);
	return has_pid && has_uid ? 0 : -ESRCH;
}
