/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* uprobe_place.h - the place of a probe. */
#ifndef HOST_UPROBE_PLACE_H
#define HOST_UPROBE_PLACE_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/types.h>

#define UPROBE_EVERY_PROCESS (-1)	/* every process that has mapped the file */
#define UPROBE_MULTI_TYPE 48		/* BPF_TRACE_UPROBE_MULTI; the header of Debian 12 is older */

#define UPROBE_PLACES_MAX 48

/* Several places in one file. */
struct uprobe_places {
	__u32 nr, reserved;
	__u64 offsets[UPROBE_PLACES_MAX], cookies[UPROBE_PLACES_MAX];
};

struct uprobe_place {
	pid_t pid;
	const char *path;
	const struct uprobe_places *several;	/* NULL: it is one; else the next three fields are not used. Perf events have one place each */
	__u64 offset;		/* in the file */
	__u64 semaphore;	/* of its counter in the file; 0: none */
	__u64 cookie;
	bool at_return;
};

#endif
