/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * target_file.h - opens the files of a target. No other code does.
 *
 * A target may have made a path a trap. So paths are resolved below its root, never in the profiler's; only regular files are
 * opened; and a file of somebody else is read only where that gives nothing away. A file on a file system that may stop
 * answering is opened and copied into memory by another process, which is given up after half a second.
 */
#ifndef BASE_TARGET_FILE_H
#define BASE_TARGET_FILE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* A mapping as /proc/PID/maps shows it. */
struct target_mapping {
	pid_t pid;
	__u64 start, end;
	__u64 dev, ino;
	const char *path;	/* NULL or "": none */
};

/*
 * Starts the process that opens files, if it does not run yet. limit(ctx) limits the rights of that process, and returns 0 or
 * -errno. To be called before the profiler drops its own. Returns 0 or -errno.
 */
int target_file_start(int (*limit)(void *ctx), void *ctx);

/* Ends that process, when it has been called as often as target_file_start(). */
void target_file_stop(void);

/*
 * All return a descriptor, or -errno: -ENOEXEC if it is not a regular file; -ETIMEDOUT if it did not answer, or did not
 * a short while ago; -EAGAIN if too much time was spent on files just now.
 *
 * The file of a mapping, even if it was replaced. _head: program headers and notes are enough. _probe: for the kernel, to put a
 * probe into the file; it is not to be read.
 */
int target_file_open_mapping(const struct target_mapping *mapping);
int target_file_open_mapping_head(const struct target_mapping *mapping);
int target_file_open_mapping_probe(const struct target_mapping *mapping);

/*
 * The path that the user of the profiler has given, as the process sees it: from its root, or from its current folder. _probe:
 * the same file for a probe.
 */
int target_file_open_named(pid_t pid, const char *path);
int target_file_open_named_probe(pid_t pid, const char *path);

/* The path, if the file belongs to root or to the user of the process, and the process may read it. */
int target_file_open_shared(pid_t pid, const char *path);

/* The path, if the file belongs to the user of the process, and is not a link. */
int target_file_open_own(pid_t pid, const char *path);

/* The program of the process. */
int target_file_open_program(pid_t pid);

/* Files that could not be read because they did not answer in time. */
__u64 target_file_unanswered(void);

#endif
