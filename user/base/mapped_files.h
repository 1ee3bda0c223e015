/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * mapped_files.h - opens the executable files that a process has mapped.
 *
 * See target_file.h for how they are opened.
 */
#ifndef BASE_MAPPED_FILES_H
#define BASE_MAPPED_FILES_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct proc_mapping;
struct statx;

struct mapped_file {
	__u64 start, end, offset;	/* of its first executable mapping */
	__u64 ino;
	dev_t dev;
	char path[256];			/* as /proc/PID/maps shows it */
};

/*
 * Calls visit() with an open descriptor for each file that has an executable mapping, until it returns false;
 * the visitor closes the descriptor or keeps it. Files for which wants() returns false are not opened; wants == NULL: all
 * are. Returns -errno if the process cannot be examined.
 */
int mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		      bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx);

/* The same for all files, of which no more than the program headers and the notes may be read. */
int mapped_files_each_head(pid_t pid, bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx);

/* Stores what identifies an open file, without asking a file system that may not answer. Returns false if it cannot be read. */
bool mapped_files_identify(int fd, struct statx *file);

/* Returns true if the mapping of the process is of that file, by device and inode. */
bool mapped_files_is(pid_t pid, const struct proc_mapping *map, const struct statx *file);

#endif
