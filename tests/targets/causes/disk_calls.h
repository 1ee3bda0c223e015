/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* disk_calls.h - calls that wait for a disk: reads of a file that is not in the page cache, fsync, major faults on a mapped file. */
#ifndef TARGETS_DISK_CALLS_H
#define TARGETS_DISK_CALLS_H

#include <sys/mman.h>

#include "cold.h"
#include "planted.h"

#define FILE_BYTES (256 * MIB)
#define READ_BYTES MIB
#define READS 16		/* in a call */
#define STRIDE_BYTES MIB	/* of a mapped file: one page in that many bytes is touched */
#define TOUCHES 32		/* in a call */

static int file = -1;
static uint64_t file_at;
static char *buffer, *mapped;

static int open_file(void)
{
	file = cold_open();
	return file < 0 ? -1 : 0;
}

static int make_file(void)
{
	file = cold_file(FILE_BYTES / MIB);
	file_at = FILE_BYTES;
	buffer = aligned_alloc(4096, READ_BYTES);
	if (file < 0 || !buffer)
		return -1;
	memset(buffer, 1, READ_BYTES);
	return 0;
}

/* At the end of the file: goes back to its start and evicts the file from memory. Returns true if it did that. */
static bool evict_at_end(void)
{
	if (file_at < FILE_BYTES)
		return false;
	if (mapped)
		munmap(mapped, FILE_BYTES);
	cold_evict(file);
	file_at = 0;
	return true;
}

/* Every second call bypasses the page cache, if the file system can, which takes less CPU time. */
static int be_cold(void)
{
	evict_at_end();
	fcntl(file, F_SETFL, account.times.count % 2 ? O_DIRECT : 0);
	posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
	return 0;
}

static int read_cold(void)
{
	int i;

	for (i = 0; i < READS; i++, file_at += READ_BYTES)
		if (pread(file, buffer, READ_BYTES, (off_t)file_at) != (ssize_t)READ_BYTES)
			return complain("pread");
	measured_touched(&measured, READS * READ_BYTES);
	return 0;
}

static int sync_once(void)
{
	char line[512] = {1};

	if (write(file, line, sizeof(line)) != (ssize_t)sizeof(line) || fsync(file))
		return complain("write and fsync");
	return 0;
}

static int map_cold(void)
{
	if (!evict_at_end())
		return 0;
	mapped = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, file, 0);
	return mapped == MAP_FAILED ? complain("mmap") : 0;
}

/*
 * Touches pages far apart and out of order, like a lookup in a large table, so that read-ahead does not help. With
 * consecutive pages, mapping would take as much CPU time as the disk takes for reading.
 */
static int touch_mapped(void)
{
	const uint64_t places = FILE_BYTES / STRIDE_BYTES;
	volatile char sum = 0;
	int i;

	for (i = 0; i < TOUCHES; i++, file_at += STRIDE_BYTES)
		sum += mapped[file_at / STRIDE_BYTES * 7919 % places * STRIDE_BYTES];
	return 0;
}

#endif
