/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* spawn.h - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#ifndef CLI_COMMAND_SPAWN_H
#define CLI_COMMAND_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_NOT_EXECUTABLE 126	/* exit statuses, as timeout, env and nice have them */
#define SPAWN_NOT_FOUND 127

struct spawned {
	pid_t pid;	/* 0: none */
	int failure;	/* exit status for a command that could not be executed; 0: it could */
	int status;	/* exit status of a command that has ended; 128 and the signal that killed it; 0: it runs */
	int go;		/* a byte written to it lets the child execute; closing it ends the child */
	int failed;	/* the child writes errno to it if exec failed */
};

struct spawn_options {
	bool children;	/* the markers of its own children wait as well, while the profiler runs */
	const char *nvtx_library;	/* makes sections of the command's NVTX ranges; NULL: none */
	bool as_root;	/* the command keeps the profiler's rights; otherwise it runs as the user who started the profiler, by sudo too */
};

/* Forks a child that waits. */
int spawn_start(struct spawned *child, char **argv, const struct spawn_options *options);

/* Lets the child execute the command. Returns -errno if exec failed. */
int spawn_go(struct spawned *child, char **argv);

/* Stores the status of the command if it has ended. */
void spawn_collect(struct spawned *child);

/* Ends a child that still waits. */
void spawn_abandon(struct spawned *child);

#endif
