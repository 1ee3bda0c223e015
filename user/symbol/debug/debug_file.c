// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* debug_file.c - finds the file that holds the symbols and the DWARF that were stripped from another file. */
#include <assert.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/array.h"
#include "base/target_file.h"
#include "symbol/debug/debug_file.h"
#include "symbol/native/elf_open.h"

#define DEBUG_DIR "/usr/lib/debug"
#define PATH_BYTES 8192
#define MAX_ID_BYTES 64
#define MAX_CHECKED_BYTES (512 << 20)	/* the checksum of a larger file takes too long */

struct build_id {
	unsigned char bytes[MAX_ID_BYTES];
	size_t size;	/* 0: none */
};

static void set_build_id(struct build_id *id, const void *bytes, ssize_t size)
{
	id->size = size >= 3 && size <= MAX_ID_BYTES ? (size_t)size : 0;
	memcpy(id->bytes, bytes, id->size);
}

static void read_build_id(struct build_id *id, Elf *elf)
{
	const void *bytes = "";
	ssize_t size = dwelf_elf_gnu_build_id(elf, &bytes);

	set_build_id(id, bytes, size);
}

static void read_build_id_of_fd(struct build_id *id, int fd)
{
	Elf *elf = elf_open(fd);

	id->size = 0;
	if (elf)
		read_build_id(id, elf);
	elf_end(elf);
}

static bool has_build_id(const struct build_id *id, int fd)
{
	struct build_id of;

	read_build_id_of_fd(&of, fd);
	return id->size && of.size == id->size && !memcmp(of.bytes, id->bytes, id->size);
}

static bool has_checksum(int fd, GElf_Word expected)
{
	unsigned char buffer[16384];
	uLong sum = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while (at < MAX_CHECKED_BYTES && (n = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		sum = crc32(sum, buffer, (uInt)n);
		at += n;
	}
	return at < MAX_CHECKED_BYTES && sum == expected;
}

static int keep_or_close(bool keep, int fd)
{
	if (keep)
		return fd;
	close(fd);
	return -ENOENT;
}

static int open_by_id(pid_t pid, const struct build_id *id)
{
	char path[PATH_BYTES];
	int at = snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/%02x/", id->bytes[0]), fd;
	size_t i;

	assert(id->size);
	for (i = 1; i < id->size; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id->bytes[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	fd = target_file_open_shared(pid, path);
	return fd < 0 ? fd : keep_or_close(has_build_id(id, fd), fd);
}

static bool is_same_file(int fd, const struct stat *as)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_dev == as->st_dev && st.st_ino == as->st_ino;
}

struct debug_link {
	const char *name;
	GElf_Word checksum;
	struct build_id id;
	struct stat self;	/* of the stripped file: the link must not lead back to it */
};

static int open_linked(pid_t pid, const char *path, const struct debug_link *link)
{
	int fd = target_file_open_shared(pid, path);

	if (fd < 0)
		return fd;
	return keep_or_close(!is_same_file(fd, &link->self) && (has_build_id(&link->id, fd) || has_checksum(fd, link->checksum)),
			     fd);
}

static int open_by_link(pid_t pid, const char *beside, const struct debug_link *link)
{
	static const char *const patterns[] = {"%.*s/%s", "%.*s/.debug/%s", DEBUG_DIR "%.*s/%s"};
	const char *slash = strrchr(beside, '/');
	int directory, fd = -ENOENT;
	char path[PATH_BYTES];
	size_t i;

	assert(slash);
	directory = (int)(slash - beside);
	for (i = 0; fd < 0 && i < ARRAY_SIZE(patterns); i++)
		if (snprintf(path, sizeof(path), patterns[i], directory, beside, link->name) < (int)sizeof(path))
			fd = open_linked(pid, path, link);
	return fd;
}

int debug_file_open(pid_t pid, Elf *elf, int elf_fd, const char *path)
{
	struct debug_link link = {};
	int fd;

	read_build_id(&link.id, elf);
	fd = link.id.size ? open_by_id(pid, &link.id) : -ENOENT;
	if (fd >= 0)
		return fd;
	link.name = dwelf_elf_gnu_debuglink(elf, &link.checksum);
	if (!link.name || !*link.name || strchr(link.name, '/') || !strchr(path, '/'))
		return -ENOENT;
	if (fstat(elf_fd, &link.self))
		return -errno;
	fd = open_by_link(pid, path, &link);
	return fd < 0 ? -ENOENT : fd;
}

/* The kernel names the folder by its path in the mount namespace, of which the root of the process may be a part. */
static size_t read_folder(pid_t pid, int fd, char *path, size_t size)
{
	char from[64], root[PATH_BYTES / 2];
	ssize_t n, below;

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	n = readlink(from, path, size);
	while (n > 0 && path[n - 1] != '/')
		n--;
	snprintf(from, sizeof(from), "/proc/%d/root", pid);
	below = readlink(from, root, sizeof(root));
	if (n <= 0 || below <= 1 || n <= below || strncmp(path, root, (size_t)below))
		return n > 0 ? (size_t)n : 0;
	memmove(path, path + below, (size_t)(n - below));
	return (size_t)(n - below);
}

/* The name is an absolute path, or relative to the folder of the file that has the link. */
static int open_shared_by_name(pid_t pid, const char *name, int fd, const struct build_id *id)
{
	char path[PATH_BYTES];
	size_t n = name[0] == '/' ? 0 : read_folder(pid, fd, path, sizeof(path) / 2);

	if ((name[0] != '/' && !n) || snprintf(path + n, sizeof(path) - n, "%s", name) >= (int)(sizeof(path) - n))
		return -ENOENT;
	fd = target_file_open_shared(pid, path);
	return fd < 0 ? fd : keep_or_close(has_build_id(id, fd), fd);
}

int debug_file_open_shared(pid_t pid, Dwarf *dwarf, int fd)
{
	const void *bytes = "";
	const char *name = "";
	ssize_t size = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &bytes);
	struct build_id id;
	int shared;

	if (!size)
		return -ENODATA;
	set_build_id(&id, bytes, size);
	if (!id.size)
		return -ENOENT;
	shared = open_by_id(pid, &id);
	if (shared < 0)
		shared = open_shared_by_name(pid, name, fd, &id);
	return shared < 0 ? -ENOENT : shared;
}
