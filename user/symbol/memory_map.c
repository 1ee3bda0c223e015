// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* memory_map.c - where the process has code: its executable mappings, and the files behind them as it sees them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/proc.h"
#include "symbol/memory_map.h"

#define MAX_MAPS 65536		/* as many as a process may have by default */

static enum memory_mapping_kind kind_of(const char *path, __u64 ino)
{
	if (!strcmp(path, "[vdso]"))
		return MAPPED_VDSO;
	if (!ino || path[0] != '/' || !strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/zero", 9))
		return MAPPED_MADE;
	return MAPPED_FILE;
}

struct code_reader {
	struct memory_map maps;
	struct intern *strings;
	__u64 end;		/* of the last mapping that was taken */
	int err;
};

/* The path without the mark that the kernel adds if the file is gone; NULL: the mapping has none. */
static const char *keep_path(struct intern *strings, const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(path), mark = sizeof(deleted) - 1;
	char plain[PROC_LINE];

	if (n > mark && !strcmp(path + n - mark, deleted))
		n -= mark;
	snprintf(plain, sizeof(plain), "%.*s", (int)n, path);
	return n ? intern_keep(strings, plain) : NULL;
}

/* The kernel lists mappings by address. A search would miss one that is out of order, so it is left out. */
static bool take_code_mapping(void *ctx, const struct proc_mapping *m)
{
	struct code_reader *reader = ctx;
	struct memory_map *maps = &reader->maps;

	if (!m->executable || m->start < reader->end)
		return true;
	if (!array_reserve(maps->list, maps->nr, maps->room, 1)) {
		reader->err = -ENOMEM;
		return false;
	}
	reader->end = m->end;
	maps->list[maps->nr++] = (struct memory_mapping){
		.start = m->start, .end = m->end, .offset = m->offset, .dev = m->dev, .ino = m->ino,
		.path = keep_path(reader->strings, m->path), .kind = kind_of(m->path, m->ino),
	};
	return maps->nr < MAX_MAPS;
}

int memory_map_read(struct memory_map *maps, pid_t pid, struct intern *strings)
{
	struct code_reader reader = {.strings = strings};
	int err = proc_each_mapping(pid, take_code_mapping, &reader);

	if (!err)
		err = reader.err;
	if (!err && !reader.maps.nr)
		err = -ESRCH;	/* a process that is ending has no mappings any more */
	if (err) {
		memory_map_free(&reader.maps);
		return err;
	}
	memory_map_free(maps);
	*maps = reader.maps;
	return 0;
}

const struct memory_mapping *memory_map_find(const struct memory_map *maps, __u64 address)
{
	size_t low = 0, high = maps->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address < maps->list[middle].start)
			high = middle;
		else if (address >= maps->list[middle].end)
			low = middle + 1;
		else
			return &maps->list[middle];
	}
	return NULL;
}

int memory_map_open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -ENOEXEC;
}

/* By its path, if it is still the same file there. An overlay has one device number in the maps and another in stat(). */
static int open_path(const char *path, const struct memory_mapping *map, bool same_device)
{
	int fd = memory_map_open_file(path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &st) && st.st_ino == map->ino && (!same_device || st.st_dev == map->dev))
		return fd;
	close(fd);
	return -ENOENT;
}

int memory_map_open(pid_t pid, const struct memory_mapping *map)
{
	char path[PROC_LINE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, map->start, map->end);
	fd = memory_map_open_file(path);
	if (fd >= 0 || !map->path)
		return fd;
	/* map_files wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, and the mapping still as it was. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, map->path);
	fd = open_path(path, map, false);
	return fd >= 0 ? fd : open_path(map->path, map, true);	/* the process may be gone */
}

void memory_map_free(struct memory_map *maps)
{
	free(maps->list);
	*maps = (struct memory_map){};
}
