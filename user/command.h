/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* command.h - starts the command of `dcbs-bpfprof -- COMMAND`, held back until the profiler has attached. */
#ifndef COMMAND_H
#define COMMAND_H

#include <sys/types.h>

struct command_child {
	pid_t pid;	/* 0: none */
	int go;		/* closing it lets the child go on */
	int failed;	/* readable: exec failed, with this errno */
};

/* Forks; the child waits. */
int command_start(struct command_child *child, char **argv);

/* Lets it execute the command. Says so if that cannot be executed. */
int command_go(struct command_child *child, char **argv);

/* Ends a child that has not been let go. */
void command_abandon(struct command_child *child);

#endif
