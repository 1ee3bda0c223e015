/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* memory_map.h - where the process has code: its executable mappings, and the files behind them as it sees them. */
#ifndef SYMBOL_MEMORY_MAP_H
#define SYMBOL_MEMORY_MAP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "symbol/store/intern.h"

enum memory_mapping_kind {
	MAPPED_FILE,
	MAPPED_VDSO,
	MAPPED_MADE,	/* code that the process has made itself: anonymous memory, or a file without a name */
};

struct memory_mapping {
	__u64 start, end;
	__u64 offset;		/* in the file */
	__u64 dev, ino;
	const char *path;	/* kept; NULL: it has none */
	enum memory_mapping_kind kind;
};

struct memory_map {
	struct memory_mapping *list;	/* ascending */
	size_t nr, room;
};

/* Anew. If the process cannot be looked at, it stays as it was: -errno. */
int memory_map_read(struct memory_map *maps, pid_t pid, struct intern *strings);

const struct memory_mapping *memory_map_find(const struct memory_map *maps, __u64 address);

/* The very file that is mapped, even if it was replaced, or is not where the profiler would look; -errno. */
int memory_map_open(pid_t pid, const struct memory_mapping *map);

/* A regular file, without waiting: a path of the target's may lead to a pipe or a device. -errno. */
int memory_map_open_file(const char *path);

void memory_map_free(struct memory_map *maps);

#endif
