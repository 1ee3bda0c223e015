// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* source_names.c - the qualnames of Python functions, by their source. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "symbol/python/source_names.h"
#include "symbol/python/source_scopes.h"

#define MAX_FILES 1024
#define MAX_SOURCE_BYTES (2 << 20)	/* of one file */
#define MAX_NAMES_BYTES (8 << 20)	/* of all names of a process */
#define SLACK_S 1.0			/* the start of a process is known to within some ticks of the kernel */

struct source_name {
	__u32 first_line;
	char *qualname;
};

struct source_file {
	char *path;
	struct source_name *names;	/* by ascending line */
	size_t nr, room;
	size_t *bytes;			/* of all names of the process */
};

static bool add_name(void *ctx, __u32 first_line, const char *qualname)
{
	struct source_file *file = ctx;
	size_t bytes = sizeof(struct source_name) + strlen(qualname) + 1;
	char *copy;

	if (*file->bytes + bytes > MAX_NAMES_BYTES || !array_reserve(file->names, file->nr, file->room, 1))
		return false;
	copy = strdup(qualname);
	if (!copy)
		return false;
	*file->bytes += bytes;
	file->names[file->nr++] = (struct source_name){first_line, copy};
	return true;
}

static bool is_unchanged(const struct stat *st, pid_t pid)
{
	double start = proc_start_time(pid);
	time_t changed = st->st_mtime > st->st_ctime ? st->st_mtime : st->st_ctime;

	return start > 0 && (double)changed <= start + SLACK_S;
}

static void parse_file(struct source_file *file, int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t used = 0;
	ssize_t n;

	while (text && used < size && (n = pread(fd, text + used, size - used, (off_t)used)) > 0)
		used += (size_t)n;
	if (text)
		source_scopes_each(text, used, add_name, file);
	free(text);
}

/* Up to 3.8 the path of a script is as seen from the folder in which it was started, which may still be the current one. */
static int open_source(pid_t pid, const char *path)
{
	char link[32], absolute[2 * PATH_MAX];
	ssize_t n;

	if (path[0] == '/')
		return target_file_open_shared(pid, path);
	snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	n = readlink(link, absolute, PATH_MAX);
	if (n <= 0 || n == PATH_MAX)
		return -1;
	snprintf(absolute + n, sizeof(absolute) - (size_t)n, "/%s", path);
	return target_file_open_shared(pid, absolute);
}

static void read_file(struct source_file *file, pid_t pid)
{
	struct stat st;
	int fd = open_source(pid, file->path);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= MAX_SOURCE_BYTES && is_unchanged(&st, pid))
		parse_file(file, fd, (size_t)st.st_size);
	close(fd);
}

/* A file that could not be read is kept without names, so that it is not tried again. */
static struct source_file *find_file(struct source_names *sources, pid_t pid, const char *path)
{
	struct source_file *file;
	size_t i;

	for (i = 0; i < sources->nr; i++)
		if (!strcmp(sources->files[i].path, path))
			return &sources->files[i];
	if (sources->nr == MAX_FILES || !array_reserve(sources->files, sources->nr, sources->room, 1))
		return NULL;
	file = &sources->files[sources->nr];
	*file = (struct source_file){.path = strdup(path), .bytes = &sources->bytes};
	if (!file->path)
		return NULL;
	sources->nr++;
	read_file(file, pid);
	return file;
}

static const char *last_part(const char *qualname)
{
	const char *dot = strrchr(qualname, '.');

	return dot ? dot + 1 : qualname;
}

const char *source_names_find(struct source_names *sources, pid_t pid, const char *path, __u32 first_line, const char *name,
			      struct intern *intern)
{
	const struct source_file *file = path && name && *name != '<' ? find_file(sources, pid, path) : NULL;
	size_t low = 0, high = file ? file->nr : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->names[middle].first_line < first_line)
			low = middle + 1;
		else
			high = middle;
	}
	if (!file || low == file->nr || file->names[low].first_line != first_line || strcmp(last_part(file->names[low].qualname), name))
		return NULL;
	return intern_keep(intern, file->names[low].qualname);
}

void source_names_free(struct source_names *sources)
{
	size_t i, k;

	for (i = 0; i < sources->nr; i++) {
		for (k = 0; k < sources->files[i].nr; k++)
			free(sources->files[i].names[k].qualname);
		free(sources->files[i].names);
		free(sources->files[i].path);
	}
	free(sources->files);
	*sources = (struct source_names){0};
}
