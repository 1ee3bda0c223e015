/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* spawn.h - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawned {
	pid_t pid;	/* 0: none */
	int go;		/* a byte written to it lets the child execute; closing it ends the child */
	int failed;	/* the child writes errno to it if exec failed */
};

struct spawn_options {
	bool children;	/* the markers of its own children wait as well, while the profiler runs */
	bool as_root;	/* the command keeps the profiler's rights; otherwise it runs as the user who started the profiler, by sudo too */
};

/* Forks a child that waits. */
int spawn_start(struct spawned *child, char **argv, const struct spawn_options *options);

/* Lets the child execute the command. Returns -errno if exec failed. */
int spawn_go(struct spawned *child, char **argv);

/* Ends a child that still waits. */
void spawn_abandon(struct spawned *child);

#endif
