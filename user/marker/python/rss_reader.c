// SPDX-License-Identifier: MIT
/* rss_reader.c - see rss_reader.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "rss_reader.h"

struct rss_sample rss_reader_last;

/*
 * Returns the second number of the file, in pages; 0 if it cannot be read. The file is opened each
 * time: children would inherit an open descriptor, which reads the parent's numbers, and the evaluation
 * may close a descriptor and get its number for another file.
 */
static uint64_t read_statm_pages(void)
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

void rss_reader_read(uint64_t now_ns)
{
	static long page_bytes;
	int saved = errno;

	if (!page_bytes)
		page_bytes = sysconf(_SC_PAGESIZE);
	rss_reader_last.bytes = read_statm_pages() * (uint64_t)page_bytes;
	rss_reader_last.at_ns = now_ns;
	errno = saved;
}

void rss_reader_forget(void)
{
	rss_reader_last = (struct rss_sample){0};
}
