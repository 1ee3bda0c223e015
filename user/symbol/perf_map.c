// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* perf_map.c - functions that a process compiled at run time, as it lists them in /tmp/perf-PID.map. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "symbol/perf_map.h"

#define MAX_BYTES (32 << 20)	/* of a longer file the end is read: the functions that were compiled last */
#define MAX_ENTRIES (512 << 10)	/* the same for its lines */
#define MAX_NAME 1024
#define CHECK_INTERVAL_NS 1000000000ULL	/* between two checks whether the file has changed */

/* Anyone may write into /tmp, so the file must belong to the user of the process. */
static int open_trusted_file(pid_t pid, struct stat *st)
{
	struct proc_owner owner;
	char path[64];
	int fd;

	if (proc_owner_of(pid, &owner))
		return -ESRCH;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", owner.inner_pid);
	fd = target_file_open_own(pid, path);
	if (fd < 0 || !fstat(fd, st))
		return fd;
	close(fd);
	return -EIO;
}

/* A line is "START SIZE name", in hexadecimal. The name stays in the text. Returns false if there is no memory. */
static bool add_function_line(struct perf_map *map, char *line)
{
	char *end, *name;
	__u64 start = strtoull(line, &end, 16), size;

	if (end == line || *end != ' ')
		return true;
	size = strtoull(end + 1, &name, 16);
	if (*name != ' ' || !name[1] || size > UINT32_MAX || start + size < start)
		return true;
	name++;
	if (strlen(name) > MAX_NAME)
		name[MAX_NAME] = 0;
	return ranges_add(&map->ranges, start, start + size, (__u64)(name - map->text));
}

static size_t count_lines(const char *text)
{
	size_t nr = 0;

	for (; (text = strchr(text, '\n')); text++)
		nr++;
	return nr;
}

/* begins_inside: the text may begin in the middle of a line. */
static void parse_lines(struct perf_map *map, bool begins_inside)
{
	char *line = map->text, *end = begins_inside ? strchr(line, '\n') : NULL;
	size_t nr;

	if (end)
		line = end + 1;
	map->cut = begins_inside;
	for (nr = count_lines(line); nr > MAX_ENTRIES; nr--) {
		line = strchr(line, '\n') + 1;
		map->cut = true;
	}
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		if (!add_function_line(map, line))
			break;
		line = end + 1;
	}
	ranges_sort(&map->ranges);	/* values grow along the file, so the function compiled last wins */
}

static void free_text(struct perf_map *map)
{
	free(map->text);
	map->text = NULL;
	ranges_free(&map->ranges);
	budget_release(map->bytes);
	map->bytes = 0;
}

/* The shortest line has five bytes. */
static size_t memory_of_text(size_t size)
{
	return size + (size / 5 < MAX_ENTRIES ? size / 5 : MAX_ENTRIES) * sizeof(struct range);
}

static void read_lines(struct perf_map *map, int fd, const struct stat *st)
{
	size_t size = st->st_size > MAX_BYTES ? MAX_BYTES : (size_t)st->st_size, used = 0;
	ssize_t n;

	free_text(map);
	if (!budget_reserve(memory_of_text(size)))
		return;
	map->bytes = memory_of_text(size);
	map->text = malloc(size + 1);
	if (!map->text)
		return;
	while (used < size && (n = pread(fd, map->text + used, size - used, st->st_size - (off_t)(size - used))) > 0)
		used += (size_t)n;
	map->text[used] = 0;
	parse_lines(map, (size_t)st->st_size > size);
}

static void reread_if_changed(struct perf_map *map)
{
	__u64 now = clock_now_ns(), changed;
	struct stat st;
	int fd;

	if (map->ended || (map->checked_ns && now - map->checked_ns < CHECK_INTERVAL_NS))
		return;
	map->checked_ns = now;
	fd = open_trusted_file(map->pid, &st);
	if (fd < 0)
		return;
	changed = (__u64)st.st_mtim.tv_sec * 1000000000 + (__u64)st.st_mtim.tv_nsec;
	if (!map->text || (__u64)st.st_size != map->size || changed != map->changed_ns)
		read_lines(map, fd, &st);
	map->size = (__u64)st.st_size;
	map->changed_ns = changed;
	close(fd);
}

const char *perf_map_find(struct perf_map *map, __u64 address)
{
	const struct range *range;

	reread_if_changed(map);
	range = ranges_find(&map->ranges, address);
	return range ? map->text + range->value : NULL;
}

void perf_map_free(struct perf_map *map)
{
	free_text(map);
}
