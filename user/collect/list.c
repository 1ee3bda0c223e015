// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* list.c - `dcbs-bpfprof list`: the running processes that carry markers. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#include "collect/list.h"
#include "collect/target.h"
#include "fail.h"
#include "sanitize.h"

/* Names the process has registered so far, its sections and caches. */
static __u32 names_of(struct target *target, const struct marker *marker)
{
	struct dcbs_state state;

	if (target_read(target, marker->state, &state, offsetof(struct dcbs_state, names)) || state.names_used < 2 ||
	    state.names_used > DCBS_NAMES)
		return 0;
	return state.names_used - 2;
}

static void print_target(FILE *out, struct target *target, const struct marker *marker)
{
	const struct snapshot_target *f = &target->facts;
	char *command = target->command[0] ? sanitize(target->command, sizeof(target->command)) : sanitize(f->comm, sizeof(f->comm));

	fprintf(out, "%8d %6u  %.100s\n", target->pid, names_of(target, marker), command ? command : "?");
	free(command);
}

/* 1 if the process carries markers. One that cannot be looked at, or ends meanwhile, does not count. */
static int list_process(FILE *out, pid_t pid, int before)
{
	struct marker marker;
	struct target target;
	int found;

	if (target_open(&target, pid))
		return 0;
	found = target_find_marker(&target, &marker) == 1;
	if (found) {
		if (!before)
			fprintf(out, "%8s %6s  %s\n", "PID", "NAMES", "COMMAND");
		print_target(out, &target, &marker);
		marker_close(&marker);
	}
	target_close(&target);
	return found;
}

int list_print(FILE *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	if (!proc)
		return fail(-errno, "cannot read /proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && !*end)
			n += list_process(out, (pid_t)pid, n);
	}
	closedir(proc);
	if (!n)
		fprintf(out, "no running process carries markers%s\n",
			geteuid() ? " that this user may see (root sees all)" : "");
	return 0;
}
