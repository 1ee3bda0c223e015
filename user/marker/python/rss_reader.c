// SPDX-License-Identifier: MIT
/* rss_reader.c - the resident size of the process, read seldom and remembered. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "own_record.h"

struct rss rss_last;

/*
 * The second number of the file, in pages. It is opened anew each time: a descriptor that is kept is
 * inherited by children, for whom it tells of the parent, and may be closed and given out again by
 * the evaluation.
 */
static uint64_t statm_pages(void)
{
	char text[128], *second;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	strtoull(text, &second, 10);
	return strtoull(second, NULL, 10);
}

void rss_read(uint64_t now_ns)
{
	static long page_bytes;
	int saved = errno;

	if (!page_bytes)
		page_bytes = sysconf(_SC_PAGESIZE);
	rss_last.bytes = statm_pages() * (uint64_t)page_bytes;
	rss_last.at_ns = now_ns;
	errno = saved;
}

void rss_forget(void)
{
	rss_last = (struct rss){0};
}
