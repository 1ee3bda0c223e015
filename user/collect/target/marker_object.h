/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* marker_object.h - finds the copies of the marker library in a process, with the places to probe and of the records. */
#ifndef COLLECT_TARGET_MARKER_OBJECT_H
#define COLLECT_TARGET_MARKER_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/marker_abi.h"

#define MARKER_COPIES 8	/* copies that are examined in one process */

struct marker {
	int fd;			/* of the file, opened in the process's mount namespace */
	__u32 abi;
	__u64 flush_offset;	/* of the probed function in the file */
	__u64 semaphore_offset;	/* in the file */
	__u64 state;		/* address of its struct dcbs_state in the process */
	__u64 start, end;	/* of the mapping */
	__u64 dev, ino;
	char path[256];		/* as in the process's maps, for messages */
};

/* Stores the copies, at most MARKER_COPIES, each to be closed. Returns their number, or -errno. */
int marker_object_find(pid_t pid, struct marker *markers);

/*
 * Returns true if the file has a marker note that leads to this place of a probe, one of those that are used, and to this
 * semaphore. The file may hold anything.
 */
bool marker_object_has_place(int fd, __u64 offset, __u64 semaphore);

/* Returns true if the file has the place of a probe that asks the markers to flush less often. */
bool marker_object_has_seldom(const struct marker *marker);

void marker_object_close(struct marker *marker);

#endif
