/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* uprobe_place.h - the place of a probe. */
#ifndef HOST_UPROBE_PLACE_H
#define HOST_UPROBE_PLACE_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

#define UPROBE_EVERY_PROCESS (-1)	/* every process that has mapped the file */
#define UPROBE_MULTI_TYPE 48		/* BPF_TRACE_UPROBE_MULTI; the header of Debian 12 is older */

struct uprobe_place {
	pid_t pid;
	const char *path;
	__u64 offset;		/* in the file */
	__u64 semaphore;	/* of its counter in the file; 0: none */
	__u64 cookie;
	bool at_return;
};

#endif
