/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* memory_map.h - the executable mappings of a process, and the files behind them as the process sees them. */
#ifndef SYMBOL_MEMORY_MAP_H
#define SYMBOL_MEMORY_MAP_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "symbol/store/intern.h"

enum memory_mapping_kind {
	MAPPED_FILE,
	MAPPED_VDSO,
	MAPPED_GENERATED,	/* code that the process made itself: anonymous memory, or a file without a name */
};

struct memory_mapping {
	__u64 start, end;
	__u64 offset;		/* in the file */
	__u64 dev, ino;
	const char *path;	/* interned; NULL: none */
	enum memory_mapping_kind kind;
};

struct memory_map {
	struct memory_mapping *list;	/* by ascending address; mappings do not overlap */
	size_t nr, room;
};

/* Reads all mappings again. Returns 0 or -errno: if the process cannot be read, the map stays as it was. */
int memory_map_read(struct memory_map *map, pid_t pid, struct intern *intern);

/* The mapping that holds the address; NULL: none. */
const struct memory_mapping *memory_map_find(const struct memory_map *map, __u64 address);

/* Opens the file that is mapped, even if it was replaced or lies in another mount namespace. Returns a descriptor or -errno. */
int memory_map_open(pid_t pid, const struct memory_mapping *mapping);

void memory_map_free(struct memory_map *map);

#endif
