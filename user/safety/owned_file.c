// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* owned_file.c - an output file that replaces an older one only when it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "safety/invoker.h"
#include "safety/owned_file.h"

#define WRITE_FLAGS (O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

static int open_folder(struct owned_file *file)
{
	const char *slash = strrchr(file->path, '/');
	char folder[4096];

	file->base = slash ? slash + 1 : file->path;
	if (snprintf(folder, sizeof(folder), "%.*s", (int)(file->base - file->path), file->path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	file->dir = open(*folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return file->dir < 0 ? -errno : 0;
}

/* Returns 0 if a file of this kind and owner may be replaced or written to. */
static int check_existing(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return -ELOOP;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (S_ISCHR(st->st_mode))
		return 0;
	if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode))
		return -ENOTSUP;
	return st->st_uid == invoker_uid() ? 0 : -EPERM;
}

/* Opens a file without a name if the file system has that, otherwise one with a temporary name. */
static int open_new(struct owned_file *file)
{
	file->fd = openat(file->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	snprintf(file->temporary, sizeof(file->temporary), ".dcbs-bpfprof.%d.%d", getpid(), file->dir);
	file->fd = openat(file->dir, file->temporary, O_CREAT | O_EXCL | WRITE_FLAGS, 0600);
	if (file->fd >= 0)
		return 0;
	file->temporary[0] = 0;
	return -errno;
}

/* Checks the open file again: it may differ from the one that was examined before. */
static int open_in_place(struct owned_file *file)
{
	struct stat st;
	int err;

	file->in_place = true;
	file->fd = openat(file->dir, file->base, WRITE_FLAGS);
	if (file->fd < 0)
		return -errno;
	err = fstat(file->fd, &st) ? -errno : check_existing(&st);
	if (!err && fcntl(file->fd, F_SETFL, 0))	/* O_NONBLOCK was for open() only */
		err = -errno;
	if (!err)
		return 0;
	close(file->fd);
	file->fd = -1;
	return err;
}

static int open_any(struct owned_file *file)
{
	struct stat st;
	int err = open_folder(file);
	bool old;

	if (err)
		return err;
	old = !fstatat(file->dir, file->base, &st, AT_SYMLINK_NOFOLLOW);
	if (!old && errno != ENOENT)
		return -errno;
	err = old ? check_existing(&st) : 0;
	if (err)
		return err;
	if (old && !S_ISREG(st.st_mode))
		return open_in_place(file);
	err = open_new(file);
	return err == -EACCES && old ? open_in_place(file) : err;
}

static const char *describe_error(int err)
{
	switch (err) {
	case -ELOOP: return "it is a symbolic link";
	case -EPERM: return "it belongs to another user";
	case -ENOTSUP: return "it is no file";
	case -ENXIO: return "nobody reads from this pipe";
	default: return strerror(-err);
	}
}

int owned_file_open(struct owned_file *file, const char *path)
{
	int err;

	*file = (struct owned_file){.path = path, .dir = -1, .fd = -1};
	err = invoker_files_begin();
	if (err)
		return err;
	err = open_any(file);
	invoker_files_end();
	if (!err)
		return 0;
	owned_file_close(file);
	return fail(err, "cannot write %s: %s; choose another --output%s", path, describe_error(err),
		    err == -EACCES && invoker_is_other() ? ", or unset SUDO_UID to write as root" : "");
}

/* A pipe or a terminal cannot be synchronised and need not be. */
static int sync_to_disk(int fd)
{
	return fsync(fd) && errno != EINVAL && errno != EROFS ? -errno : 0;
}

static int link_temporary_name(struct owned_file *file)
{
	char by_fd[32];

	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", file->fd);
	snprintf(file->temporary, sizeof(file->temporary), ".dcbs-bpfprof.%d.%d", getpid(), file->dir);
	if (!linkat(AT_FDCWD, by_fd, file->dir, file->temporary, AT_SYMLINK_FOLLOW))
		return 0;
	file->temporary[0] = 0;
	return -errno;
}

int owned_file_commit(struct owned_file *file)
{
	int err = sync_to_disk(file->fd);

	if (err || file->in_place)
		return err;
	err = invoker_files_begin();
	if (err)
		return err;
	if (!file->temporary[0])
		err = link_temporary_name(file);
	if (!err && renameat(file->dir, file->temporary, file->dir, file->base))
		err = -errno;
	if (!err)
		file->temporary[0] = 0;
	invoker_files_end();
	return err;
}

void owned_file_close(struct owned_file *file)
{
	if (file->temporary[0] && !invoker_files_begin()) {
		unlinkat(file->dir, file->temporary, 0);
		invoker_files_end();
	}
	file->temporary[0] = 0;
	if (file->dir >= 0)
		close(file->dir);
	file->dir = -1;
}
