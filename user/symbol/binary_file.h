/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* binary_file.h - the program or library that the user names, as the process has mapped it. */
#ifndef SYMBOL_BINARY_FILE_H
#define SYMBOL_BINARY_FILE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct binary_file {
	bool mapped;			/* the process has mapped it; else it is known by its path alone */
	bool replaced;			/* another file has its path since it was mapped */
	__u64 start, end, offset;	/* of its first executable mapping */
	__u64 dev, ino;
	char path[1024];		/* as the process sees it */
};

/*
 * binary: a path as the process sees it, or the base name of a file that the process has mapped. Returns 0 or -errno, after it has
 * reported the error in one line: also if several mapped files have that base name.
 */
int binary_file_find(struct binary_file *file, pid_t pid, const char *binary);

/* Opens it to be read, or for a probe. Returns a descriptor or -errno. */
int binary_file_open(const struct binary_file *file, pid_t pid);
int binary_file_open_probe(const struct binary_file *file, pid_t pid);

#endif
