// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* machine.c - the machine, its kernel, and how much of its CPUs a process may use. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/proc.h"
#include "collect/kernel/machine.h"

#define CGROUPS "/sys/fs/cgroup"
#define LEVELS_MOST 64

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

static double read_quota_file(const char *path)
{
	char text[64];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);

	if (fd < 0)
		return NAN;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return NAN;
	text[n] = 0;
	return machine_parse_quota(text);
}

double machine_read_quota(const char *root, const char *folder)
{
	char path[PROC_TEXT + 64], *slash;
	size_t root_length = strlen(root);
	double least = NAN;
	int level;

	if (strstr(folder, "/..") || (size_t)snprintf(path, sizeof(path) - 16, "%s%s", root, folder) >= sizeof(path) - 16)
		return NAN;
	for (level = 0; level < LEVELS_MOST && strlen(path) >= root_length; level++) {
		size_t length = strlen(path);

		strcpy(path + length, "/cpu.max");
		least = fmin(least, read_quota_file(path));
		path[length] = 0;
		slash = strrchr(path, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	return least;
}

/* The folder of a process in the one hierarchy of cgroup v2 is behind "0::". */
static double read_cpu_limit(pid_t pid)
{
	char text[PROC_TEXT], *line;

	if (proc_read(pid, "cgroup", text, sizeof(text)) < 0)
		return NAN;
	line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!line)
		return NAN;
	line += *line == '\n' ? 4 : 3;
	line[strcspn(line, "\n")] = 0;
	return machine_read_quota(CGROUPS, strcmp(line, "/") ? line : "");
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
