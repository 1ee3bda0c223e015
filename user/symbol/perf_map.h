/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * perf_map.h - functions that a process compiled at run time, as it lists them in /tmp/perf-PID.map.
 *
 * The file grows while the process compiles. The target writes it, so it may hold anything.
 */
#ifndef SYMBOL_PERF_MAP_H
#define SYMBOL_PERF_MAP_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "symbol/store/ranges.h"

struct perf_map {
	pid_t pid;
	bool ended;			/* the process has ended: its file is not read again */
	char *text;			/* lines of the file; each name ends with a zero byte */
	struct ranges ranges;		/* value: offset of the name in the text */
	size_t bytes;			/* of memory, as they were reserved */
	bool cut;			/* the file is too long: its first lines were left out */
	__u64 checked_ns;		/* when the file was last checked for changes; 0: never */
	__u64 size, changed_ns;		/* of the file at that time */
};

/* The name of the function at an address, valid until the next call; NULL: the file lists none. */
const char *perf_map_find(struct perf_map *map, __u64 address);

void perf_map_free(struct perf_map *map);

#endif
