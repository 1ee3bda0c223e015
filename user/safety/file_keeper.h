/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * file_keeper.h - a child process that creates and names the output files of the sandboxed profiler.
 *
 * The profiler may open no file for writing once it has attached, see sandbox.h. The keeper has no capabilities, acts as
 * the user who started the profiler, and touches only the files that were given at its start: it opens a version, which
 * the profiler writes, and gives it its name. It ends with the profiler.
 */
#ifndef SAFETY_FILE_KEEPER_H
#define SAFETY_FILE_KEEPER_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "safety/owned_file.h"

struct file_keeper {
	pid_t pid;	/* 0: there is none */
	int socket;
};

enum keeper_order { KEEPER_RENEW, KEEPER_COMMIT, KEEPER_ELSEWHERE };	/* the functions of owned_file.h */

struct keeper_answer {
	__u32 file;
	__s32 err;
	__s32 moved;		/* see struct owned_file */
	char where[4352];	/* path at which the file is or will be */
	int fd;			/* of a version to be written, which is the caller's; -1: none */
};

/* Starts the keeper of `nr` files. From then on the caller uses only their `fd` for writing, and closes it. */
int file_keeper_start(struct file_keeper *keeper, struct owned_file *files, size_t nr);

/* Sends an order without waiting. The answers come in the same order. Returns -ECHILD if the keeper has ended. */
int file_keeper_order(const struct file_keeper *keeper, size_t file, enum keeper_order order);

/* Receives the next answer. Returns -EAGAIN if there is none yet and `wait` is false. */
int file_keeper_answer(const struct file_keeper *keeper, struct keeper_answer *answer, bool wait);

/* Lets the keeper remove the versions that have no name yet, and waits for its end. */
void file_keeper_end(struct file_keeper *keeper);

#endif
