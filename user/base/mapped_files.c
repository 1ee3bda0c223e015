// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* mapped_files.c - opens the executable files that a process has mapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/mapped_files.h"
#include "base/proc.h"

#define MAX_FILES 4096

struct file_visit {
	pid_t pid;
	bool (*wants)(void *ctx, const struct mapped_file *map);
	bool (*visit)(void *ctx, int fd, const struct mapped_file *map);
	void *ctx;
	__u64 last_ino;
	dev_t last_dev;
	int files;
};

static int open_mapped_file(pid_t pid, const struct mapped_file *map)
{
	char path[384];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, map->start, map->end);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	/* map_files needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. The path needs neither, but its file may have been replaced. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, map->path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The mappings of one file are adjacent, so each file is visited once, at its first executable mapping. */
static bool visit_mapping(void *ctx, const struct proc_mapping *line)
{
	struct mapped_file map = {.start = line->start, .end = line->end, .offset = line->offset, .ino = line->ino, .dev = line->dev};
	struct file_visit *visits = ctx;
	int fd;

	if (!line->ino || !line->executable || line->path[0] != '/' || (line->ino == visits->last_ino && line->dev == visits->last_dev))
		return true;
	visits->last_ino = line->ino;
	visits->last_dev = line->dev;
	snprintf(map.path, sizeof(map.path), "%s", line->path);
	if (++visits->files > MAX_FILES)
		return false;
	if (visits->wants && !visits->wants(visits->ctx, &map))
		return true;
	fd = open_mapped_file(visits->pid, &map);
	return fd < 0 || visits->visit(visits->ctx, fd, &map);
}

int mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		      bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx)
{
	struct file_visit visits = {.pid = pid, .wants = wants, .visit = visit, .ctx = ctx};

	return proc_each_mapping(pid, visit_mapping, &visits);
}
