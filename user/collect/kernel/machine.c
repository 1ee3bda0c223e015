// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* machine.c - the machine, its kernel, and how much of its CPUs a process may use. */
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/proc.h"
#include "collect/kernel/machine.h"

#define CGROUPS "/sys/fs/cgroup"
#define LEVELS_MOST 64
#define FILE_NAME_BYTES 32	/* room for "/cpu.cfs_period_us" */

/* ---- CPUs ---- */

/* The text behind "model name\t: " in the first lines of /proc/cpuinfo. */
static void read_cpu_model(char *to, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512], *colon;

	while (f && !*to && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (colon && !strncmp(line, "model name", strlen("model name"))) {
			colon += 1 + strspn(colon + 1, " ");
			colon[strcspn(colon, "\n")] = 0;
			snprintf(to, size, "%s", colon);
		}
	}
	if (f)
		fclose(f);
}

/* ---- the CPU quota ---- */

double machine_parse_quota(const char *text)
{
	char *end;
	double quota = strtod(text, &end), period = end > text ? strtod(end, NULL) : 0;

	return quota > 0 && period > 0 ? quota / period : NAN;
}

/* Reads a file in a folder, whose path has room for the name of the file. */
static bool read_in_folder(char *folder, const char *file, char *text, size_t size)
{
	size_t length = strlen(folder);
	ssize_t n = -1;
	int fd;

	strcpy(folder + length, file);
	fd = open(folder, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	folder[length] = 0;
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* In version 2 of cgroups quota and period are in one file, in version 1 in two. */
static double read_folder_quota(char *folder)
{
	char quota[64], period[64], both[130];

	if (read_in_folder(folder, "/cpu.max", both, sizeof(both)))
		return machine_parse_quota(both);
	if (!read_in_folder(folder, "/cpu.cfs_quota_us", quota, sizeof(quota)) ||
	    !read_in_folder(folder, "/cpu.cfs_period_us", period, sizeof(period)))
		return NAN;
	snprintf(both, sizeof(both), "%s %s", quota, period);
	return machine_parse_quota(both);
}

double machine_read_quota(const char *root, const char *folder)
{
	char path[PROC_TEXT + 128], *slash;
	size_t root_length = strlen(root), most = sizeof(path) - FILE_NAME_BYTES;
	double least = NAN;
	int level;

	if (strstr(folder, "/..") || (size_t)snprintf(path, most, "%s%s", root, strcmp(folder, "/") ? folder : "") >= most)
		return NAN;
	for (level = 0; level < LEVELS_MOST && strlen(path) >= root_length; level++) {
		least = fmin(least, read_folder_quota(path));
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	return least;
}

/* Returns true if a list such as "cpu,cpuacct" has the controller of CPU time. */
static bool has_cpu_controller(const char *list)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (!strncmp(list, "cpu", 3) && (list[3] == ',' || !list[3]))
			return true;
	return false;
}

/* A line of /proc/PID/cgroup is "ID:CONTROLLERS:FOLDER"; in version 2 of cgroups there are no controllers in it. */
static double read_line_quota(char *line)
{
	char *controllers = strchr(line, ':'), *folder = controllers ? strchr(controllers + 1, ':') : NULL, root[128];
	double quota;

	if (!folder)
		return NAN;
	*folder++ = 0;
	controllers++;
	if (!*controllers)
		return machine_read_quota(CGROUPS, folder);
	if (!has_cpu_controller(controllers))
		return NAN;
	snprintf(root, sizeof(root), CGROUPS "/%s", controllers);
	quota = machine_read_quota(root, folder);
	return isnan(quota) ? machine_read_quota(CGROUPS "/cpu", folder) : quota;
}

static double read_cpu_limit(pid_t pid)
{
	char text[PROC_TEXT], *line, *next;
	double least = NAN;

	if (proc_read(pid, "cgroup", text, sizeof(text)) < 0)
		return NAN;
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		least = fmin(least, read_line_quota(line));
	}
	return least;
}

void machine_read(struct snapshot_host *host, pid_t pid)
{
	struct utsname names;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*host = (struct snapshot_host){.cpus = cpus > 0 ? cpus : 0, .cpu_limit = read_cpu_limit(pid)};
	if (!uname(&names)) {
		snprintf(host->name, sizeof(host->name), "%s", names.nodename);
		snprintf(host->kernel, sizeof(host->kernel), "%s", names.release);
	}
	read_cpu_model(host->cpu, sizeof(host->cpu));
}
