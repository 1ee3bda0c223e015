// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * resolve.c - opens a file of a process as the process sees it.
 *
 * The process may have made the path a trap: a link out of its root, into /proc, to a pipe or to a device, or to a file of
 * somebody else. So the path is resolved below a descriptor of its root, links into other places are not followed, and the file
 * is looked at before it is opened: O_PATH opens nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/files/copy.h"
#include "base/files/file_system.h"
#include "base/files/resolve.h"
#include "base/proc.h"

#define NR_ROOTS 64

/* From <linux/magic.h>, which has not all of them. */
#define OVERLAY_MAGIC 0x794c7630
#define BTRFS_MAGIC 0x9123683e

/* Roots outlive their processes here, so that the files of a process that has just ended are found below its own root. */
static struct known_root {
	pid_t pid;
	int fd;
} roots[NR_ROOTS];

static int find_root(pid_t pid)
{
	struct known_root *root = &roots[pid & (NR_ROOTS - 1)];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return root->pid == pid ? root->fd : -errno;
	if (root->pid)
		close(root->fd);
	*root = (struct known_root){pid, fd};
	return fd;
}

static int open_below_root(pid_t pid, const char *path, bool follow)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root = find_root(pid), fd;

	if (root < 0)
		return root;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* A relative path begins in the current folder of the process. The kernel names that one by its path in the mount namespace. */
static int open_named(const struct file_request *request)
{
	char path[PATH_MAX + RESOLVE_PATH_BYTES], root[PATH_MAX], folder[PATH_MAX];
	size_t n;

	if (request->path[0] == '/')
		return open_below_root(request->pid, request->path, true);
	if (!proc_read_link(request->pid, "cwd", folder, sizeof(folder)) || !proc_read_link(request->pid, "root", root, sizeof(root)))
		return -ENOENT;
	n = strlen(root) > 1 && !strncmp(folder, root, strlen(root)) ? strlen(root) : 0;
	snprintf(path, sizeof(path), "%s/%s", folder + n, request->path);
	return open_below_root(request->pid, path, true);
}

static int open_link(pid_t pid, const char *name)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- the file that is mapped ---- */

/* A file of an overlay, and one of btrfs, has one device number in the maps and another in stat(). */
static bool is_mapped_file(int fd, const struct file_request *request)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || st.st_ino != request->ino)
		return false;
	if (st.st_dev == request->dev)
		return true;
	return !fstatfs(fd, &fs) && ((unsigned int)fs.f_type == OVERLAY_MAGIC || (unsigned int)fs.f_type == BTRFS_MAGIC);
}

static int keep_mapped_file(int fd, const struct file_request *request)
{
	if (fd < 0 || is_mapped_file(fd, request))
		return fd;
	close(fd);
	return -ENOENT;
}

/* map_files leads to the mapped file even if it was replaced. */
static int find_by_mapping(const struct file_request *request)
{
	char name[64];

	snprintf(name, sizeof(name), "map_files/%llx-%llx", request->start, request->end);
	return keep_mapped_file(open_link(request->pid, name), request);
}

/* map_files needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, a process that still runs, and the same mapping as before. */
static int open_mapped(const struct file_request *request)
{
	int fd = find_by_mapping(request);

	if (fd >= 0 || request->path[0] != '/')
		return fd;
	return keep_mapped_file(open_below_root(request->pid, request->path, true), request);
}

/* ---- whether to read it ---- */

/* A target must not have us read for it what it cannot read itself. */
static bool may_be_read_for(pid_t pid, enum file_kind kind, const struct stat *st)
{
	struct proc_owner owner;

	if (kind != FILE_SHARED && kind != FILE_OWN)
		return true;
	if (proc_owner_of(pid, &owner))
		return false;
	if (st->st_uid == owner.uid)
		return st->st_mode & S_IRUSR;
	return kind == FILE_SHARED && !st->st_uid && st->st_mode & S_IROTH;
}

static int find_file(const struct file_request *request)
{
	switch (request->kind) {
	case FILE_MAPPED:
		return open_mapped(request);
	case FILE_NAMED:
		return open_named(request);
	case FILE_SHARED:
		return open_below_root(request->pid, request->path, true);
	case FILE_OWN:
		return open_below_root(request->pid, request->path, false);
	case FILE_PROGRAM:
		return open_link(request->pid, "exe");
	}
	return -EINVAL;
}

/* The type of a file never changes, so what is looked at by `fd` is what is opened by it. */
static int open_to_read(int fd)
{
	char path[32];
	int file;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return file < 0 ? -errno : file;
}

static int check_and_open(int fd, const struct file_request *request, struct stat *st)
{
	if (fstat(fd, st))
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -ENOEXEC;
	if (!may_be_read_for(request->pid, request->kind, st))
		return -EPERM;
	return open_to_read(fd);
}

static bool magic_is_local(unsigned int magic)
{
	static const unsigned int magics[] = {
		OVERLAY_MAGIC, BTRFS_MAGIC, 0xef53 /* ext4 */, 0x58465342 /* xfs */, 0x01021994 /* tmpfs */, 0x858458f6 /* ramfs */,
		0x958458f6 /* hugetlbfs */, 0x73717368 /* squashfs */, 0x2fc12fc1 /* zfs */, 0xe0f5e1e2 /* erofs */,
		0xf2f52010 /* f2fs */, 0xca451a4e /* bcachefs */, 0x9660 /* iso9660 */, 0x4d44 /* vfat */, 0x2011bab0 /* exfat */,
		0x7366746e /* ntfs3 */, 0x3153464a /* jfs */, 0x52654973 /* reiserfs */, 0x15013346 /* udf */,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(magics); i++)
		if (magics[i] == magic)
			return true;
	return false;
}

/* The layers of an overlay are known by the device number of a mapping, or by the mount through which it was opened. */
static bool is_local_file(int fd, const struct file_request *request)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) || !magic_is_local((unsigned int)fs.f_type))
		return false;
	if ((unsigned int)fs.f_type != OVERLAY_MAGIC)
		return true;
	return request->kind == FILE_MAPPED ? file_system_is_local(request->pid, request->dev) : file_system_of_is_local(request->pid, fd);
}

int resolve_open_mapping(const struct file_request *request)
{
	int path = find_by_mapping(request), fd;
	struct stat st;

	if (path < 0)
		return path;
	fd = check_and_open(path, request, &st);
	close(path);
	return fd;
}

int resolve_open(const struct file_request *request, bool *copied)
{
	int path = find_file(request), fd;
	struct stat st;

	*copied = false;
	if (path < 0)
		return path;
	fd = check_and_open(path, request, &st);
	close(path);
	if (fd < 0 || is_local_file(fd, request))
		return fd;
	if (request->use == FILE_TO_PROBE)
		return copy_touch(fd);
	*copied = true;
	return copy_open(fd, &st, request->use == FILE_TO_READ_HEAD);
}
