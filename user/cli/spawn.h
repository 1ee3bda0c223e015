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

/* Forks a child that waits. children: the markers of its own children wait as well, while the profiler runs. */
int spawn_start(struct spawned *child, char **argv, bool children);

/* Lets the child execute the command. Returns -errno if exec failed. */
int spawn_go(struct spawned *child, char **argv);

/* Ends a child that still waits. */
void spawn_abandon(struct spawned *child);

#endif
