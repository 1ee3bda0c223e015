// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* process_memory.c - reads the memory of a process without waiting for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/files/file_system.h"
#include "base/proc.h"
#include "base/process_memory.h"

#define NR_OPEN 64		/* processes whose pagemap is kept open; a power of two */
#define MAX_PAGES 64		/* that are looked up at once */
#define LONG_NS 1000000ULL	/* reading all mappings of a process takes long if it takes more than that; ... */
#define KEEP_TIMES 20		/* ... then they are kept for 20 times as long */
#define PAGE_HERE (3ULL << 62)	/* in memory, or on the machine's own swap space */

/* /proc/PID/pagemap has a word for each page. The file stays with the memory that the process had when it was opened. */
static struct page_file {
	pid_t pid;
	int fd;
} page_files[NR_OPEN];

static int open_pages(struct page_file *file, pid_t pid)
{
	char path[64];

	if (file->pid)
		close(file->fd);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	file->pid = file->fd < 0 ? 0 : pid;
	return file->fd < 0 ? -errno : 0;
}

/*
 * Reads one word for each page. Returns how many; 0: there is no such address, or the process has ended; or -errno. A process that
 * has called execve() has other memory, and its old file reads as empty.
 */
static ssize_t read_pages(pid_t pid, __u64 page, __u64 *words, size_t nr)
{
	struct page_file *file = &page_files[pid & (NR_OPEN - 1)];
	ssize_t n = file->pid == pid ? pread(file->fd, words, nr * sizeof(*words), (off_t)(page * sizeof(*words))) : 0;
	int err;

	if (n <= 0) {
		err = open_pages(file, pid);
		if (err)
			return err;
		n = pread(file->fd, words, nr * sizeof(*words), (off_t)(page * sizeof(*words)));
	}
	return n < 0 ? -errno : n / (ssize_t)sizeof(*words);
}

static int read_now(pid_t pid, __u64 address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EFAULT;
}

/* ---- pages that are not there ---- */

struct page_search {
	pid_t pid;
	__u64 address;
	bool found, anonymous, local;
};

/* The vDSO and the like, which are always there. */
static bool is_made_by_kernel(const char *path)
{
	return path[0] == '[' && strncmp(path, "[heap", 5) && strncmp(path, "[stack", 6) && strncmp(path, "[anon", 5);
}

static bool is_anonymous_mapping(const struct proc_mapping *mapping)
{
	return !mapping->ino && !is_made_by_kernel(mapping->path);
}

static bool match_mapping(void *ctx, const struct proc_mapping *mapping)
{
	struct page_search *search = ctx;

	if (search->address >= mapping->end)
		return true;
	search->found = search->address >= mapping->start;
	if (search->found) {
		search->anonymous = is_anonymous_mapping(mapping);
		search->local = !mapping->ino || file_system_is_local(search->pid, mapping->dev);
	}
	return false;
}

/*
 * Anonymous mappings of the process that was asked about last. Each of thousands of threads has some, and to find one costs as much
 * as to read all. So they are kept if reading them takes long, for a short time. They may be out of date then: zeros are read where
 * there is nothing or a file by now, and nobody waits.
 */
static struct {
	struct range { __u64 start, end; } *list;
	size_t nr, room;
	pid_t pid;
	__u64 until_ns;
} anonymous;

static bool note_anonymous(void *ctx, const struct proc_mapping *mapping)
{
	(void)ctx;
	if (!is_anonymous_mapping(mapping))
		return true;
	if (!array_reserve(anonymous.list, anonymous.nr, anonymous.room, 1))
		return false;
	anonymous.list[anonymous.nr++] = (struct range){mapping->start, mapping->end};
	return true;
}

static void note_all_anonymous(pid_t pid)
{
	__u64 now = clock_now_ns(), took_ns;

	if (anonymous.pid == pid && now < anonymous.until_ns)
		return;
	anonymous.nr = 0;
	anonymous.pid = pid;
	proc_each_mapping(pid, note_anonymous, NULL);
	took_ns = clock_now_ns() - now;
	anonymous.until_ns = took_ns > LONG_NS ? now + KEEP_TIMES * took_ns : 0;
}

static bool is_anonymous(pid_t pid, __u64 address)
{
	size_t low = 0, high;

	note_all_anonymous(pid);
	high = anonymous.nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address < anonymous.list[middle].start)
			high = middle;
		else if (address >= anonymous.list[middle].end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* A page of anonymous memory that was never written to is all zeros. */
static int read_absent(pid_t pid, __u64 address, void *to, size_t size)
{
	struct page_search search = {.pid = pid, .address = address};
	int err;

	if (is_anonymous(pid, address)) {
		memset(to, 0, size);
		return 0;
	}
	err = proc_each_mapping(pid, match_mapping, &search);
	if (err)
		return err;
	if (search.anonymous) {
		memset(to, 0, size);
		return 0;
	}
	return search.local ? read_now(pid, address, to, size) : -EFAULT;
}

/* ---- processes of other users, without CAP_DAC_READ_SEARCH: their pagemap is closed ---- */

static bool note_remote(void *ctx, const struct proc_mapping *mapping)
{
	struct page_search *search = ctx;

	search->found = mapping->ino && mapping->path[0] == '/' && !file_system_is_local(search->pid, mapping->dev);
	return !search->found;
}

/* Mostly a process has no memory of such a file system at all. */
static bool has_remote_memory(pid_t pid)
{
	static struct { pid_t pid; bool has; __u64 until_ns; } known[NR_OPEN];
	struct page_search search = {.pid = pid};
	__u64 now = clock_now_ns();
	size_t i = pid & (NR_OPEN - 1);

	if (known[i].pid == pid && now < known[i].until_ns)
		return known[i].has;
	proc_each_mapping(pid, note_remote, &search);
	known[i].pid = pid;
	known[i].has = search.found;
	known[i].until_ns = now + NS_PER_S;
	return search.found;
}

static ssize_t read_unlooked(pid_t pid, __u64 address, void *to, size_t size)
{
	struct page_search search = {.pid = pid, .address = address};
	int err = 0;

	if (has_remote_memory(pid)) {
		err = proc_each_mapping(pid, match_mapping, &search);
		if (!err && !search.local)
			err = -EFAULT;
	}
	if (!err)
		err = read_now(pid, address, to, size);
	return err ? err : (ssize_t)size;
}

/* ---- all ---- */

/* The words that are like the first one. */
static size_t count_equal(const __u64 *words, size_t nr)
{
	size_t n;

	for (n = 1; n < nr && !(words[n] & PAGE_HERE) == !(words[0] & PAGE_HERE); n++)
		;
	return n;
}

/* Reads pages that are all there, or one that is not. Returns the number of bytes, or -errno. */
static ssize_t read_stretch(pid_t pid, __u64 address, void *to, size_t size)
{
	__u64 page_bytes = (__u64)sysconf(_SC_PAGESIZE), before = address % page_bytes, words[MAX_PAGES];
	size_t pages = (before + size - 1) / page_bytes + 1, bytes;
	ssize_t n = read_pages(pid, address / page_bytes, words, pages < MAX_PAGES ? pages : MAX_PAGES);
	bool here;
	int err;

	if (n == -EACCES || n == -EPERM)
		return read_unlooked(pid, address, to, pages == 1 ? size : page_bytes - before);
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	here = !n || words[0] & PAGE_HERE;
	pages = here && n ? count_equal(words, (size_t)n) : 1;
	bytes = pages * page_bytes - before < size ? pages * page_bytes - before : size;
	err = here ? read_now(pid, address, to, bytes) : read_absent(pid, address, to, bytes);
	return err ? err : (ssize_t)bytes;
}

int process_memory_read(pid_t pid, __u64 address, void *to, size_t size)
{
	unsigned char *at = to;

	while (size) {
		ssize_t n = read_stretch(pid, address, at, size);

		if (n < 0)
			return (int)n;
		address += (__u64)n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

void process_memory_forget(pid_t pid)
{
	struct page_file *file = &page_files[pid & (NR_OPEN - 1)];

	if (file->pid == pid) {
		close(file->fd);
		file->pid = 0;
	}
	if (anonymous.pid == pid)
		anonymous.pid = 0;
}
