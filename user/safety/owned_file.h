/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * owned_file.h - a file that takes its place when it is whole, so that a full disk or a crash spares what was there.
 *
 * We may be root in a folder of somebody else's: the file is opened with the rights of the user who started us and
 * belongs to that user, no symbolic link is followed in its last part, and a file of another user's is left alone.
 * A pipe of the user's and a device (/dev/null, a terminal) are written to as they are.
 */
#ifndef SAFETY_OWNED_FILE_H
#define SAFETY_OWNED_FILE_H

#include <stdbool.h>

struct owned_file {
	const char *path, *base;
	int dir, fd;		/* fd: to be written to */
	char temporary[32];	/* its name until then; empty: it has none */
	bool as_it_is;		/* a pipe, a device, or a file in a folder that takes no new ones */
};

/* Says what is in the way. */
int owned_file_open(struct owned_file *file, const char *path);

/* All has been written: gives it its name. */
int owned_file_commit(struct owned_file *file);

/* Without a commit what was there stays. Leaves fd alone. */
void owned_file_close(struct owned_file *file);

#endif
