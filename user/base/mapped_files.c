// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* mapped_files.c - opens the executable files that a process has mapped. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/mapped_files.h"
#include "base/proc.h"
#include "base/target_file.h"

#define MAX_FILES 65536	/* the kernel's default limit for the mappings of a process */

struct file_visit {
	pid_t pid;
	bool (*wants)(void *ctx, const struct mapped_file *map);
	bool (*visit)(void *ctx, int fd, const struct mapped_file *map);
	void *ctx;
	int (*open)(const struct target_mapping *mapping);
	__u64 last_ino;
	dev_t last_dev;
	int files;
};

/* The mappings of one file are adjacent, so each file is visited once, at its first executable mapping. */
static bool visit_mapping(void *ctx, const struct proc_mapping *line)
{
	struct mapped_file map = {.start = line->start, .end = line->end, .offset = line->offset, .ino = line->ino, .dev = line->dev};
	struct file_visit *visits = ctx;
	const struct target_mapping mapping = {visits->pid, line->start, line->end, line->dev, line->ino, line->path};
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
	fd = visits->open(&mapping);
	return fd < 0 || visits->visit(visits->ctx, fd, &map);
}

int mapped_files_each(pid_t pid, bool (*wants)(void *ctx, const struct mapped_file *map),
		      bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx)
{
	struct file_visit visits = {.pid = pid, .wants = wants, .visit = visit, .ctx = ctx, .open = target_file_open_mapping};

	return proc_each_mapping(pid, visit_mapping, &visits);
}

int mapped_files_each_head(pid_t pid, bool (*visit)(void *ctx, int fd, const struct mapped_file *map), void *ctx)
{
	struct file_visit visits = {.pid = pid, .visit = visit, .ctx = ctx, .open = target_file_open_mapping_head};

	return proc_each_mapping(pid, visit_mapping, &visits);
}

/* ---- identity ---- */

bool mapped_files_identify(int fd, struct statx *file)
{
	return !statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, file);
}

/* The maps show an overlay's own inode and device; the link of the mapping leads to the very file. */
bool mapped_files_is(pid_t pid, const struct proc_mapping *map, const struct statx *file)
{
	struct statx st;
	char path[96];

	if (!map->executable || !map->ino)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, map->start, map->end);
	if (!statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &st))
		return st.stx_ino == file->stx_ino && st.stx_dev_major == file->stx_dev_major && st.stx_dev_minor == file->stx_dev_minor;
	return map->ino == file->stx_ino && map->dev == makedev(file->stx_dev_major, file->stx_dev_minor);
}
