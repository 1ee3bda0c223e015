/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * owned_file.h - an output file that replaces an older one only when it is complete: a full disk or a crash does not
 * destroy the older file.
 *
 * The profiler may be root in a folder of another user. The file is opened with the rights of the user who started the
 * profiler and belongs to that user. No symbolic link is followed in the last part of the path, and a file of another
 * user is left alone. A pipe of the user and a device (/dev/null, a terminal) are written to directly.
 *
 * A complete file does not get lost: if something else has its name by then, it gets another name in the same folder.
 */
#ifndef SAFETY_OWNED_FILE_H
#define SAFETY_OWNED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct owned_file {
	const char *path;	/* as the user gave it; the keeper of file_keeper.h does not have it */
	char base[256];		/* its last part */
	char folder[4096];	/* with the last slash; empty: the working directory */
	char name[256];		/* in the folder; empty: not chosen yet */
	int dir, fd;		/* fd: for writing */
	char temporary[32];	/* the name of the new file until it is complete; empty: it has none */
	bool in_place;		/* written to directly: a pipe, a device, or a file in a folder in which none can be created */
	bool stream;		/* a pipe or a device, which may make the writer wait */
	dev_t device;
	ino_t inode;		/* of the file that may be replaced; 0: there is none */
	int moved;		/* the reason, -errno, for which the file has another name than `base`; 0: it has not */
	size_t spares;		/* spare folders that have been tried */
};

/* Returns -errno, with a line that gives the reason, if the file cannot be written. */
int owned_file_open(struct owned_file *file, const char *path);

/* A file that has no place yet: owned_file_elsewhere() gives it one. */
void owned_file_prepare(struct owned_file *file, const char *name);

/* Called when the file is complete: gives it its name, or else another name in its folder. */
int owned_file_commit(struct owned_file *file);

/* Opens a new version, which the next commit puts in the place of the last one. */
int owned_file_renew(struct owned_file *file);

/* Opens a new file in the next spare folder: $TMPDIR, /tmp, /var/tmp. Returns -ENOENT if there is none left. */
int owned_file_elsewhere(struct owned_file *file);

/* Stores the path at which the file is or will be. */
void owned_file_where(const struct owned_file *file, char *to, size_t size);

/*
 * Opens the spare folders, to limit a process to them: stores up to `max` descriptors, of those that are there, and returns how many.
 */
size_t owned_file_spares(int *folders, size_t max);

/* Returns the words for a reason, a negative errno of these functions. */
const char *owned_file_reason(int err);

/* Without a commit the older file stays. */
void owned_file_close(struct owned_file *file);

#endif
