/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* spawn.h - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawned {
	pid_t pid;	/* 0: none */
	int go;		/* closing it lets the child go on */
	int failed;	/* readable: exec failed, with this errno */
};

/* Forks; the child waits. children: so do the markers of those that it forks, as long as we are there. */
int spawn_start(struct spawned *child, char **argv, bool children);

/* Lets it execute the command. Says so if that cannot be executed. */
int spawn_go(struct spawned *child, char **argv);

/* Ends a child that has not been let go. */
void spawn_abandon(struct spawned *child);

#endif
