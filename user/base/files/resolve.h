/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* resolve.h - opens a file of a process as the process sees it, and copies files that may stop answering. */
#ifndef BASE_FILES_RESOLVE_H
#define BASE_FILES_RESOLVE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#define RESOLVE_PATH_BYTES 4096

enum file_kind {
	FILE_MAPPED,	/* the file of the mapping */
	FILE_NAMED,	/* the path, below the root of the process or in its current folder; the user of the profiler has named it */
	FILE_SHARED,	/* the same, but the process must be able to read the file itself */
	FILE_OWN,	/* the same, but the file belongs to the user of the process, and its name is not a link */
	FILE_PROGRAM,	/* its program */
};

enum file_use {
	FILE_TO_READ,
	FILE_TO_READ_HEAD,	/* program headers and notes of an ELF file are enough */
	FILE_TO_PROBE,		/* the file itself, for the kernel: never a copy */
};

struct file_request {
	__u32 number;		/* of the request; its answer has the same */
	enum file_kind kind;
	enum file_use use;
	pid_t pid;
	__u64 start, end;	/* of the mapping; 0: unknown */
	__u64 dev, ino;		/* of the mapping, as /proc/PID/maps has them */
	char path[RESOLVE_PATH_BYTES];
};

/*
 * Opens the file for reading. Returns a descriptor, or -errno: -ENOEXEC if it is not a regular file. *copied: the descriptor is
 * of a copy in memory, because the file system is not of this machine.
 */
int resolve_open(const struct file_request *request, bool *copied);

/* Opens the file of a mapping of this machine's file systems by /proc/PID/map_files. Returns a descriptor or -errno. */
int resolve_open_mapping(const struct file_request *request);

#endif
