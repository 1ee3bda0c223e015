/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cold.h - files for targets that wait for a disk.
 *
 * The files lie beside the program, or in DCBS_TARGET_DIR. They have no name and vanish with the process. On a file
 * system in memory no file is ever cold; the target's own account then shows that its reads did not block.
 */
#ifndef TARGETS_COLD_H
#define TARGETS_COLD_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int cold_open(void)
{
	const char *dir = getenv("DCBS_TARGET_DIR");
	char path[4096] = "";
	ssize_t n;
	int fd;

	if (dir) {
		snprintf(path, sizeof(path), "%s", dir);
	} else {
		n = readlink("/proc/self/exe", path, sizeof(path) - 1);
		path[n > 0 ? n : 0] = 0;
		*strrchr(path, '/') = 0;
	}
	fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		perror(path);
	return fd;
}

/* Makes a file of that many MiB, on the disk and, until it is evicted, in the page cache. */
static inline int cold_file(unsigned int mib)
{
	static char block[1 << 20];
	int fd = cold_open();

	memset(block, 1, sizeof(block));
	for (; fd >= 0 && mib; mib--)
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
			perror("write");
			return -1;
		}
	return fd < 0 || fdatasync(fd) ? -1 : fd;
}

/* Only pages that are clean and not mapped are evicted. */
static inline void cold_evict(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

#endif
