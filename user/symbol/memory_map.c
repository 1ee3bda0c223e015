// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* memory_map.c - the executable mappings of a process, and the files behind them as the process sees them. */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "symbol/memory_map.h"

#define MAX_MAPPINGS 65536	/* the kernel's default limit for a process */

static enum memory_mapping_kind mapping_kind(const char *path, __u64 ino)
{
	if (!strcmp(path, "[vdso]"))
		return MAPPED_VDSO;
	if (!ino || path[0] != '/' || !strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/zero", 9))
		return MAPPED_GENERATED;
	return MAPPED_FILE;
}

struct mapping_reader {
	struct memory_map map;
	struct intern *intern;
	__u64 end;		/* of the last mapping in the map */
	int err;
};

/* Interns the path without the mark that the kernel adds to a deleted file. Returns NULL if the mapping has no path. */
static const char *intern_path(struct intern *intern, const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(path), mark = sizeof(deleted) - 1;
	char plain[PROC_LINE];

	if (n > mark && !strcmp(path + n - mark, deleted))
		n -= mark;
	snprintf(plain, sizeof(plain), "%.*s", (int)n, path);
	return n ? intern_keep(intern, plain) : NULL;
}

/* The kernel lists mappings by ascending address. The binary search relies on the order, so one that breaks it is left out. */
static bool add_code_mapping(void *ctx, const struct proc_mapping *m)
{
	struct mapping_reader *reader = ctx;
	struct memory_map *map = &reader->map;

	if (!m->executable || m->start < reader->end)
		return true;
	if (!array_reserve(map->list, map->nr, map->room, 1)) {
		reader->err = -ENOMEM;
		return false;
	}
	reader->end = m->end;
	map->list[map->nr++] = (struct memory_mapping){
		.start = m->start, .end = m->end, .offset = m->offset, .dev = m->dev, .ino = m->ino,
		.path = intern_path(reader->intern, m->path), .kind = mapping_kind(m->path, m->ino),
	};
	return map->nr < MAX_MAPPINGS;
}

int memory_map_read(struct memory_map *map, pid_t pid, struct intern *intern)
{
	struct mapping_reader reader = {.intern = intern};
	int err = proc_each_mapping(pid, add_code_mapping, &reader);

	if (!err)
		err = reader.err;
	if (!err && !reader.map.nr)
		err = -ESRCH;	/* an exiting process has no mappings any more */
	if (err) {
		memory_map_free(&reader.map);
		return err;
	}
	memory_map_free(map);
	*map = reader.map;
	return 0;
}

const struct memory_mapping *memory_map_find(const struct memory_map *map, __u64 address)
{
	size_t low = 0, high = map->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address < map->list[middle].start)
			high = middle;
		else if (address >= map->list[middle].end)
			low = middle + 1;
		else
			return &map->list[middle];
	}
	return NULL;
}

int memory_map_open(pid_t pid, const struct memory_mapping *mapping)
{
	const struct target_mapping where = {pid, mapping->start, mapping->end, mapping->dev, mapping->ino, mapping->path};

	assert(mapping->kind == MAPPED_FILE);
	return target_file_open_mapping(&where);
}

void memory_map_free(struct memory_map *map)
{
	free(map->list);
	*map = (struct memory_map){};
}
