/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* command.h - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command_child {
	pid_t pid;	/* 0: none */
	int go;		/* closing it lets the child go on */
	int failed;	/* readable: exec failed, with this errno */
};

/* Forks; the child waits. children: so do the markers of those that it forks, as long as we are there. */
int command_start(struct command_child *child, char **argv, bool children);

/* Lets it execute the command. Says so if that cannot be executed. */
int command_go(struct command_child *child, char **argv);

/* Ends a child that has not been let go. */
void command_abandon(struct command_child *child);

#endif
