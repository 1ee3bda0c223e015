/* SPDX-License-Identifier: MIT */
/* rss_reader.h - the resident size of the process, read rarely and remembered. */
#ifndef PYTHON_RSS_READER_H
#define PYTHON_RSS_READER_H

#include <stdint.h>

/* The end of a section that takes a millisecond reads the size. A read costs 3 to 6 us; there is at most one a millisecond. */
#define RSS_READER_AGE_AT_END_NS	1000000
/* Longer than at the end, so that in a series of short sections an end reads the size and a section gets the growth. */
#define RSS_READER_AGE_AT_BEGIN_NS	2000000

struct rss_sample {
	uint64_t at_ns;		/* CLOCK_MONOTONIC */
	uint64_t bytes;		/* 0: unknown */
};

extern struct rss_sample rss_reader_last;

/* Replaces rss_reader_last. */
void rss_reader_read(uint64_t now_ns);

/* After fork(): the sample is of the parent. */
void rss_reader_forget(void);

#endif
