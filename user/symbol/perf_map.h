/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * perf_map.h - functions that a process has compiled itself, as it lists them in /tmp/perf-PID.map.
 *
 * The file grows as it compiles. It is the target's, in the target's /tmp, and may hold anything.
 */
#ifndef SYMBOL_PERF_MAP_H
#define SYMBOL_PERF_MAP_H

#include <linux/types.h>
#include <sys/types.h>

#include "symbol/store/ranges.h"

struct perf_map {
	pid_t pid;
	char *text;			/* its lines; names end with a zero byte */
	struct ranges ranges;		/* the value: of the name in the text */
	__u64 looked_ns, size, changed_ns;
};

/* The name of the function at an address, until the next call; NULL: none is listed there. */
const char *perf_map_find(struct perf_map *map, __u64 address);

void perf_map_free(struct perf_map *map);

#endif
