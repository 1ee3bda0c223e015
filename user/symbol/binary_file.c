// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * binary_file.c - the program or library that the user names, as the process has mapped it.
 *
 * A file that is mapped may have been deleted, or replaced by another one, since: a build, an upgrade. Then the path leads to a file
 * whose code the process does not run. So the mapped file is taken if there is one, and it is opened by its mapping.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mapped_files.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "symbol/binary_file.h"

#define PATH_BYTES 4096
#define LIST_BYTES 512		/* of the files that have the name, or a similar one */

static const char deleted[] = " (deleted)";

struct binary_search {
	pid_t pid;
	const char *wanted;		/* as the kernel shows it in the maps, without the mark of a deleted file */
	bool by_base;
	bool has_file;			/* `file` is what the path leads to */
	struct statx file;
	char root[PATH_BYTES];		/* of the process, if that is not the profiler's; else "" */
	struct binary_file *found;
	int candidates;			/* different files that have the base name */
	char list[LIST_BYTES];
};

/* The kernel adds the mark to the path of a deleted file. */
static void remove_mark(char *path)
{
	size_t n = strlen(path), mark = sizeof(deleted) - 1;

	if (n > mark && !strcmp(path + n - mark, deleted))
		path[n - mark] = 0;
}

/* The kernel shows paths from the root of the mount namespace, of which that of a process may be a part. */
static const char *below_root(const struct binary_search *search, const char *path)
{
	size_t n = strlen(search->root);

	return n && !strncmp(path, search->root, n) && path[n] == '/' ? path + n : path;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void list_path(struct binary_search *search, const char *path)
{
	size_t n = strlen(search->list);

	if (n + strlen(path) + 3 < sizeof(search->list))
		snprintf(search->list + n, sizeof(search->list) - n, "%s%s", n ? ", " : "", path);
}

static void take_mapping(struct binary_search *search, const struct proc_mapping *map, const char *path)
{
	*search->found = (struct binary_file){
		.mapped = true, .start = map->start, .end = map->end, .offset = map->offset, .dev = map->dev, .ino = map->ino,
	};
	snprintf(search->found->path, sizeof(search->found->path), "%.1023s", below_root(search, path));
}

static bool visit_by_base(void *ctx, const struct proc_mapping *map)
{
	struct binary_search *search = ctx;
	const struct binary_file *found = search->found;
	char path[PATH_BYTES];

	if (!map->executable || !map->ino || map->path[0] != '/')
		return true;
	snprintf(path, sizeof(path), "%s", map->path);
	remove_mark(path);
	if (!strcmp(base_name(path), search->wanted)) {
		if (found->mapped && found->dev == map->dev && found->ino == map->ino)
			return true;
		if (!search->candidates++) {
			search->list[0] = 0;
			take_mapping(search, map, path);
		}
		list_path(search, below_root(search, path));
	} else if (!search->candidates && !strncmp(base_name(path), search->wanted, strlen(search->wanted)) &&
		   !strstr(search->list, below_root(search, path))) {
		list_path(search, below_root(search, path));
	}
	return true;
}

/* The very file comes first. A file that once had this path is second. */
static bool visit_by_path(void *ctx, const struct proc_mapping *map)
{
	struct binary_search *search = ctx;
	bool is_file = search->has_file && mapped_files_is(search->pid, map, &search->file);
	char path[PATH_BYTES];

	if (!map->executable || !map->ino || map->path[0] != '/')
		return true;
	snprintf(path, sizeof(path), "%s", map->path);
	remove_mark(path);
	if (!is_file && (search->found->mapped || strcmp(below_root(search, path), search->wanted)))
		return true;
	take_mapping(search, map, path);
	search->found->replaced = !is_file;
	return !is_file;
}

static int find_by_base(struct binary_search *search)
{
	int err = proc_each_mapping(search->pid, visit_by_base, search);

	if (err)
		return fail(err, "--section: cannot read the mappings of process %d: %s", search->pid, strerror(-err));
	if (search->candidates > 1)
		return fail(-ENOTUNIQ, "--section: process %d has mapped several files named %s; give the path of one: %s", search->pid,
			    search->wanted, search->list);
	if (!search->candidates)
		return fail(-ENOENT, "--section: process %d has mapped no file named %s; give an absolute path, or the name of a file it has "
			    "mapped%s%s", search->pid, search->wanted, search->list[0] ? ", such as " : "", search->list);
	return 0;
}

/* The name of the program's link in /proc, which leads to the program even if it was deleted. */
static bool is_link_to_program(pid_t pid, const char *binary)
{
	char own[64];

	snprintf(own, sizeof(own), "/proc/%d/exe", pid);
	return !strcmp(binary, own) || !strcmp(binary, "/proc/self/exe");
}

/* Stores the path as the maps show it: absolute, below the root of the process. */
static void make_absolute(const struct binary_search *search, const char *binary, char *to, size_t size)
{
	char folder[PATH_BYTES];

	if (is_link_to_program(search->pid, binary)) {
		proc_read_link(search->pid, "exe", folder, sizeof(folder));
		remove_mark(folder);
		snprintf(to, size, "%s", below_root(search, folder));
	} else if (binary[0] == '/') {
		snprintf(to, size, "%s", binary);
	} else {
		proc_read_link(search->pid, "cwd", folder, sizeof(folder));
		while (!strncmp(binary, "./", 2))
			binary += 2;
		snprintf(to, size, "%s/%s", below_root(search, folder), binary);
	}
}

static int find_by_path(struct binary_search *search, const char *binary)
{
	char wanted[2 * PATH_BYTES];
	int fd;

	make_absolute(search, binary, wanted, sizeof(wanted));
	search->wanted = wanted;
	fd = target_file_open_named_probe(search->pid, wanted);
	search->has_file = fd >= 0 && mapped_files_identify(fd, &search->file);
	if (fd >= 0)
		close(fd);
	proc_each_mapping(search->pid, visit_by_path, search);
	if (search->found->mapped)
		return 0;
	if (snprintf(search->found->path, sizeof(search->found->path), "%s", wanted) >= (int)sizeof(search->found->path))
		return fail(-ENAMETOOLONG, "--section: the path %s is too long", binary);
	if (fd == -ENOEXEC)
		return fail(fd, "--section: %s is not an ELF program or library", binary);
	if (fd == -EAGAIN || fd == -ETIMEDOUT)
		return fail(fd, "--section: the file system of %s does not answer; try again when it does, or name a file that the process has "
			    "mapped", binary);
	return fd < 0 ? fail(fd, "--section: cannot open %s as process %d sees it: %s; give an absolute path, or the name of a file it has "
			     "mapped", binary, search->pid, strerror(-fd)) : 0;
}

int binary_file_find(struct binary_file *file, pid_t pid, const char *binary)
{
	struct binary_search search = {.pid = pid, .wanted = binary, .found = file};

	memset(file, 0, sizeof(*file));
	proc_read_link(pid, "root", search.root, sizeof(search.root));
	if (!strcmp(search.root, "/"))
		search.root[0] = 0;
	return strchr(binary, '/') ? find_by_path(&search, binary) : find_by_base(&search);
}

static struct target_mapping mapping_of(const struct binary_file *file, pid_t pid)
{
	return (struct target_mapping){pid, file->start, file->end, file->dev, file->ino, file->path};
}

int binary_file_open(const struct binary_file *file, pid_t pid)
{
	const struct target_mapping mapping = mapping_of(file, pid);

	return file->mapped ? target_file_open_mapping(&mapping) : target_file_open_named(pid, file->path);
}

int binary_file_open_probe(const struct binary_file *file, pid_t pid)
{
	const struct target_mapping mapping = mapping_of(file, pid);

	return file->mapped ? target_file_open_mapping_probe(&mapping) : target_file_open_named_probe(pid, file->path);
}
