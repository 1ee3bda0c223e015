/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * owned_file.h - an output file that replaces an older one only when it is complete: a full disk or a crash does not
 * destroy the older file.
 *
 * The profiler may be root in a folder of another user. The file is opened with the rights of the user who started the
 * profiler and belongs to that user. No symbolic link is followed in the last part of the path, and a file of another
 * user is left alone. A pipe of the user and a device (/dev/null, a terminal) are written to directly.
 */
#ifndef SAFETY_OWNED_FILE_H
#define SAFETY_OWNED_FILE_H

#include <stdbool.h>

struct owned_file {
	const char *path, *base;
	int dir, fd;		/* fd: for writing */
	char temporary[32];	/* the name of the new file until it is complete; empty: it has none */
	bool in_place;		/* written to directly: a pipe, a device, or a file in a folder in which none can be created */
};

/* Returns -errno, with a line that gives the reason, if the file cannot be written. */
int owned_file_open(struct owned_file *file, const char *path);

/* Called when the file is complete: gives it its name. */
int owned_file_commit(struct owned_file *file);

/* Without a commit the older file stays. Does not close fd. */
void owned_file_close(struct owned_file *file);

#endif
