// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* list_targets.c - the running processes that carry markers, or a package for which there is a preset of sections. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/sanitize.h"
#include "collect/list_targets.h"
#include "collect/target/target.h"
#include "base/target_file.h"
#include "host/file_rights.h"
#include "safety/pid_namespace.h"

#define COMMAND_BYTES 4096

struct process_listing {
	struct dcbs_process *processes;
	size_t nr, room;
};

/* Returns the number of names that the process has registered. The first two entries of its table are reserved. */
static __u32 names_registered(const struct target *target, const struct marker *marker)
{
	struct dcbs_state state;

	if (target_read(target, marker->state, &state, offsetof(struct dcbs_state, names)) || state.names_used < 2 ||
	    state.names_used > DCBS_NAMES)
		return 0;
	return state.names_used - 2;
}

static int list_marked_target(struct process_listing *listing, const struct target *target, const struct marker *marker)
{
	const char *comm = target->facts.comm, *command = target->command;
	char *text = command[0] ? sanitize(command, sizeof(target->command)) : sanitize(comm, sizeof(target->facts.comm));
	struct proc_owner owner;

	if (!text || !array_reserve(listing->processes, listing->nr, listing->room, 1)) {
		free(text);
		return -ENOMEM;
	}
	if (proc_owner_of(target->pid, &owner))
		owner.uid = (uid_t)-1;
	listing->processes[listing->nr++] = (struct dcbs_process) {
		.pid = target->pid, .names = names_registered(target, marker), .command = text, .uid = owner.uid,
		.started_at = target->facts.started_at > 0 ? target->facts.started_at : NAN,
	};
	return 0;
}

/* A process that cannot be read, or ends meanwhile, is left out. */
static int list_process(struct process_listing *listing, pid_t pid)
{
	struct marker marker;
	struct target target;
	int err = 0;

	if (target_open(&target, pid, false))
		return 0;
	if (target_find_marker(&target, &marker) == 1) {
		err = list_marked_target(listing, &target, &marker);
		marker_object_close(&marker);
	}
	target_close(&target);
	return err;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = ((const struct dcbs_process *)a)->pid, y = ((const struct dcbs_process *)b)->pid;

	return (x > y) - (x < y);
}

void list_targets_free(struct dcbs_process *list, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		free(list[i].command);
	free(list);
}

int list_targets(struct dcbs_process **result, size_t *nr)
{
	struct process_listing listing = {0};
	int err = pid_namespace_check();
	struct dirent *entry;
	DIR *proc;

	if (err)
		return err;
	proc = opendir("/proc");
	if (!proc)
		return fail(-errno, "cannot read /proc: %s", strerror(errno));
	file_rights_start(NULL, 0);
	while (!err && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && !*end)
			err = list_process(&listing, (pid_t)pid);
	}
	closedir(proc);
	target_file_stop();
	if (err) {
		list_targets_free(listing.processes, listing.nr);
		return fail(err, "out of memory");
	}
	if (listing.nr)
		qsort(listing.processes, listing.nr, sizeof(*listing.processes), compare_pids);
	*result = listing.processes;
	*nr = listing.nr;
	return 0;
}

/* ---- packages ---- */

struct package_search {
	const struct dcbs_package *package;
	bool found;
};

static void search_path(struct package_search *search, const char *path)
{
	size_t i;

	for (i = 0; i < search->package->nr_paths; i++)
		search->found |= strstr(path, search->package->paths[i]) != NULL;
}

static bool search_mapping(void *ctx, const struct proc_mapping *map)
{
	struct package_search *search = ctx;

	search_path(search, map->path);
	return !search->found;
}

/* A word may be the path of a program, or of a script that is part of a package. */
static void search_command(struct package_search *search, pid_t pid)
{
	char path[64], words[COMMAND_BYTES];
	size_t size, at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return;
	size = fread(words, 1, sizeof(words) - 1, f);
	fclose(f);
	words[size] = 0;
	for (at = 0; at < size; at += strlen(words + at) + 1)
		search_path(search, words + at);
}

int list_targets_has_package(pid_t pid, const struct dcbs_package *package)
{
	struct package_search search = {.package = package};
	int err = proc_each_mapping(pid, search_mapping, &search);

	if (err)
		return fail(err, "cannot read the mappings of process %d: %s", (int)pid, strerror(-err));
	if (!search.found)
		search_command(&search, pid);
	return search.found;
}
