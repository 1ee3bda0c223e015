// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* memory_map.c - where the process has code: its executable mappings, and the files behind them as it sees them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "symbol/memory_map.h"

#define MAX_MAPS 65536		/* as many as a process may have by default */

static enum map_kind kind_of(const char *path, __u64 ino)
{
	if (!strcmp(path, "[vdso]"))
		return MAPPED_VDSO;
	if (!ino || path[0] != '/' || !strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/zero", 9))
		return MAPPED_MADE;
	return MAPPED_FILE;
}

/* Returns false if there is no code. The path loses what the kernel adds to that of a file that is gone. */
static bool parse_code(char *line, struct map *map, const char **path)
{
	static const char deleted[] = " (deleted)";
	struct proc_mapping m;
	char *end;

	if (!proc_parse_mapping(line, &m) || !m.executable)
		return false;
	*map = (struct map){.start = m.start, .end = m.end, .offset = m.offset, .ino = m.ino, .dev = m.dev, .kind = kind_of(m.path, m.ino)};
	end = strchr(line + (m.path - line), 0) - (sizeof(deleted) - 1);
	if (end > m.path && !strcmp(end, deleted))
		*end = 0;
	*path = m.path;
	return true;
}

static bool add(struct maps *maps, const struct map *map)
{
	if (maps->nr == maps->capacity) {
		size_t capacity = maps->capacity ? 2 * maps->capacity : 64;
		struct map *list = realloc(maps->list, capacity * sizeof(*list));

		if (!list)
			return false;
		maps->list = list;
		maps->capacity = capacity;
	}
	maps->list[maps->nr++] = *map;
	return true;
}

/* The kernel lists them by address. What does not would be found wrong, so it is left out. */
static int read_all(struct maps *to, FILE *f, struct strings *strings)
{
	char line[PROC_LINE];
	const char *path;
	struct map map;
	__u64 end = 0;

	while (to->nr < MAX_MAPS && fgets(line, sizeof(line), f)) {
		if (!parse_code(line, &map, &path) || map.start < end)
			continue;
		end = map.end;
		map.path = *path ? strings_keep(strings, path) : NULL;
		if (!add(to, &map))
			return -ENOMEM;
	}
	return to->nr ? 0 : -ESRCH;	/* a process that is ending has no maps any more */
}

int maps_read(struct maps *maps, pid_t pid, struct strings *strings)
{
	struct maps to = {};
	FILE *f = proc_open(pid, "maps");
	int err;

	if (!f)
		return -errno;
	err = read_all(&to, f, strings);
	fclose(f);
	if (err) {
		maps_free(&to);
		return err;
	}
	maps_free(maps);
	*maps = to;
	return 0;
}

const struct map *maps_find(const struct maps *maps, __u64 address)
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

int maps_open_file(const char *path)
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
static int open_path(const char *path, const struct map *map, bool same_device)
{
	int fd = maps_open_file(path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &st) && st.st_ino == map->ino && (!same_device || st.st_dev == map->dev))
		return fd;
	close(fd);
	return -ENOENT;
}

int maps_open(pid_t pid, const struct map *map)
{
	char path[PROC_LINE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, map->start, map->end);
	fd = maps_open_file(path);
	if (fd >= 0 || !map->path)
		return fd;
	/* map_files wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, and the mapping still as it was. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, map->path);
	fd = open_path(path, map, false);
	return fd >= 0 ? fd : open_path(map->path, map, true);	/* the process may be gone */
}

void maps_free(struct maps *maps)
{
	free(maps->list);
	*maps = (struct maps){};
}
