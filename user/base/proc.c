// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* proc.c - a process as /proc shows it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"

#define PATH_BYTES 64

ssize_t proc_read(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[PATH_BYTES];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = 0;
	close(fd);
	return n;
}

bool proc_read_link(pid_t pid, const char *name, char *to, size_t size)
{
	char link[PATH_BYTES];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/%s", pid, name);
	n = readlink(link, to, size - 1);
	to[n > 0 ? n : 0] = 0;
	return n > 0;
}

FILE *proc_open(pid_t pid, const char *file)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return fopen(path, "re");
}

/* ---- numbers ---- */

bool proc_number(const char *text, const char *name, int base, __u64 *number)
{
	size_t length = strlen(name);
	const char *line = text;

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) || line[length] != ':')
			continue;
		*number = strtoull(line + length + 1, NULL, base);
		return true;
	}
	return false;
}

bool proc_status_number(pid_t pid, const char *name, int base, __u64 *number)
{
	char text[PROC_TEXT];

	return proc_read(pid, "status", text, sizeof(text)) > 0 && proc_number(text, name, base, number);
}

/* The second field, the name, may contain any character, but it ends at the last ')'. */
__u64 proc_stat_field(pid_t pid, int number)
{
	unsigned long long value;
	char buf[2048], *p;
	int field;

	if (proc_read(pid, "stat", buf, sizeof(buf)) <= 0 || !(p = strrchr(buf, ')')))
		return 0;
	for (field = 2; field < number && p; field++)
		p = strchr(p + 1, ' ');
	return p && sscanf(p, "%llu", &value) == 1 ? value : 0;
}

double proc_start_time(pid_t pid)
{
	unsigned long long ticks = proc_stat_field(pid, 22);
	struct timespec boot, real;

	if (!ticks)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return clock_round_unix_s((double)real.tv_sec + 1e-9 * (double)real.tv_nsec - ((double)boot.tv_sec + 1e-9 * (double)boot.tv_nsec) +
				  (double)ticks / (double)sysconf(_SC_CLK_TCK));
}

/* ---- threads ---- */

int proc_each_thread(pid_t pid, bool (*visit)(void *ctx, pid_t tid), void *ctx)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	bool more = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (more && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			more = visit(ctx, (pid_t)atoi(entry->d_name));
	closedir(dir);
	return 0;
}

/* ---- owner ---- */

int proc_owner_of(pid_t pid, struct proc_owner *owner)
{
	bool has_pid = false, has_uid = false;
	FILE *file = proc_open(pid, "status");
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		const char *last = strrchr(line, '\t');	/* the innermost namespace comes last */

		has_uid |= sscanf(line, "Uid: %*u %u", &owner->uid) == 1;
		has_pid |= !strncmp(line, "NSpid:", 6) && last && sscanf(last, "%d", &owner->inner_pid) == 1;
	}
	fclose(file);
	return has_pid && has_uid ? 0 : -ESRCH;
}

/* ---- mappings ---- */

bool proc_parse_mapping(char *line, struct proc_mapping *map)
{
	unsigned int dev_major, dev_minor;
	char perms[8] = "";
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &map->start, &map->end, perms, &map->offset, &dev_major, &dev_minor,
		   &map->ino, &at) < 7 || map->start >= map->end)
		return false;
	map->dev = makedev(dev_major, dev_minor);
	map->executable = perms[2] == 'x';
	line[at + (int)strcspn(line + at, "\n")] = 0;
	map->path = line + at;
	return true;
}

int proc_each_mapping(pid_t pid, bool (*visit)(void *ctx, const struct proc_mapping *map), void *ctx)
{
	FILE *maps = proc_open(pid, "maps");
	struct proc_mapping map;
	char line[PROC_LINE];
	bool more = true;

	if (!maps)
		return -errno;
	while (more && fgets(line, sizeof(line), maps))
		if (proc_parse_mapping(line, &map))
			more = visit(ctx, &map);
	fclose(maps);
	return 0;
}
