// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* owned_file.c - an output file that replaces an older one only when it is complete. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "safety/environment.h"
#include "safety/file_names.h"
#include "safety/invoker.h"
#include "safety/owned_file.h"

#define WRITE_FLAGS (O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
#define NAME_TRIES 16

void owned_file_where(const struct owned_file *file, char *to, size_t size)
{
	snprintf(to, size, "%s%s", file->folder, file->name);
}

/* ---- open ---- */

static int open_folder(struct owned_file *file)
{
	const char *slash = strrchr(file->path, '/'), *base = slash ? slash + 1 : file->path;

	if (snprintf(file->folder, sizeof(file->folder), "%.*s", (int)(base - file->path), file->path) >=
	    (int)sizeof(file->folder) || strlen(base) >= sizeof(file->base))
		return -ENAMETOOLONG;
	strcpy(file->base, base);
	strcpy(file->name, base);
	file->dir = open(*file->folder ? file->folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
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

/* A .prom file is for a service that is another user. Files of all other kinds are the user's own. */
static mode_t mode_of(const struct owned_file *file)
{
	const char *suffix = strrchr(file->base, '.');

	return suffix && !strcmp(suffix, ".prom") ? 0644 : 0600;
}

static int open_named(struct owned_file *file)
{
	int i;

	for (i = 0; i < NAME_TRIES; i++) {
		file_names_temporary(file->temporary, sizeof(file->temporary));
		file->fd = openat(file->dir, file->temporary, O_CREAT | O_EXCL | WRITE_FLAGS, mode_of(file));
		if (file->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	file->temporary[0] = 0;
	return -errno;
}

/* Opens a file without a name if the file system has that, otherwise one with a temporary name. */
static int open_new(struct owned_file *file)
{
	file->fd = openat(file->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode_of(file));
	if (file->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	return open_named(file);
}

/* Checks the open file again: it may differ from the one that was examined before. */
static int open_in_place(struct owned_file *file)
{
	struct stat st = {0};
	int err;

	file->in_place = true;
	file->fd = openat(file->dir, file->base, WRITE_FLAGS);
	if (file->fd < 0)
		return -errno;
	err = fstat(file->fd, &st) ? -errno : check_existing(&st);
	if (!err && fcntl(file->fd, F_SETFL, 0))	/* O_NONBLOCK was for open() only */
		err = -errno;
	file->stream = !S_ISREG(st.st_mode);
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
	if (old) {
		file->device = st.st_dev;
		file->inode = st.st_ino;
	}
	err = open_new(file);
	return err == -EACCES && old ? open_in_place(file) : err;
}

const char *owned_file_reason(int err)
{
	switch (err) {
	case -ELOOP: return "it is a symbolic link";
	case -EPERM: return "it belongs to another user";
	case -EISDIR: return "it is a directory";
	case -ENOTSUP: return "it is no file";
	case -ENXIO: return "nobody reads from this pipe";
	case -EEXIST: return "another file took its name meanwhile";
	case -ECHILD: return "the process bpfprof-files, which opens and names it, has ended";
	case -ESTALE: return "its folder was removed meanwhile";
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
	return fail(err, "cannot write %s: %s; choose another --output%s", path, owned_file_reason(err),
		    err == -EACCES && invoker_is_other() ? ", or unset SUDO_UID to write as root" : "");
}

void owned_file_prepare(struct owned_file *file, const char *name)
{
	*file = (struct owned_file){.path = name, .dir = -1, .fd = -1};
	snprintf(file->base, sizeof(file->base), "%s", name);
}

/* ---- a further version, another place ---- */

/* Gives up the version that is being written. */
static void drop_version(struct owned_file *file)
{
	if (file->temporary[0])
		unlinkat(file->dir, file->temporary, 0);
	file->temporary[0] = 0;
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

/* File systems give several errors for a folder that was removed. It has no links any more. */
static int name_removal(const struct owned_file *file, int err)
{
	struct stat st;

	return err && !fstat(file->dir, &st) && !st.st_nlink ? -ESTALE : err;
}

int owned_file_renew(struct owned_file *file)
{
	if (file->in_place || file->dir < 0)
		return -EINVAL;
	drop_version(file);
	return name_removal(file, open_new(file));
}

/* The user's own TMPDIR is as good as the user's own --output: both are written to with the user's rights. */
static const char *spare_folder(size_t i)
{
	const char *folders[] = {environment_original_value("TMPDIR"), "/tmp", "/var/tmp"};

	return i < sizeof(folders) / sizeof(folders[0]) ? folders[i] ?: "" : NULL;
}

static int open_spare(struct owned_file *file, const char *folder)
{
	if (*folder != '/' || snprintf(file->folder, sizeof(file->folder), "%s/", folder) >= (int)sizeof(file->folder))
		return -EINVAL;
	file->dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return file->dir < 0 ? -errno : open_new(file);
}

size_t owned_file_spares(int *folders, size_t max)
{
	const char *folder;
	size_t i, n = 0;

	for (i = 0; n < max && (folder = spare_folder(i)); i++) {
		folders[n] = *folder == '/' ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		n += folders[n] >= 0;
	}
	return n;
}

int owned_file_elsewhere(struct owned_file *file)
{
	const char *folder;
	int err = -ENOENT;

	file->in_place = file->stream = false;
	file->name[0] = 0;
	while (err && (folder = spare_folder(file->spares))) {
		file->spares++;
		owned_file_close(file);
		err = open_spare(file, folder);
	}
	return err;
}

/* ---- commit ---- */

/* A pipe or a terminal cannot be synchronised and need not be. */
static int sync_to_disk(int fd)
{
	return fsync(fd) && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* Makes the new name last through a power cut. Not every user who may write to a folder may read it. */
static void sync_folder(const struct owned_file *file)
{
	int fd = openat(file->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	sync_to_disk(fd);
	close(fd);
}

static int link_name(const struct owned_file *file, const char *name)
{
	char by_fd[32];

	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, by_fd, file->dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* Some file systems cannot refuse to replace a file, but no file system makes a link over one. */
static int rename_to_new(const struct owned_file *file, const char *name)
{
	if (!renameat2(file->dir, file->temporary, file->dir, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(file->dir, file->temporary, file->dir, name, 0))
		return -errno;
	unlinkat(file->dir, file->temporary, 0);
	return 0;
}

/* Gives the file a name that no file has. */
static int take_new_name(struct owned_file *file, const char *name)
{
	int err = file->temporary[0] ? rename_to_new(file, name) : link_name(file, name);

	if (!err)
		file->temporary[0] = 0;
	return err;
}

static int link_temporary(struct owned_file *file)
{
	int i, err = 0;

	for (i = 0; i < NAME_TRIES && !file->temporary[0]; i++) {
		char name[sizeof(file->temporary)];

		file_names_temporary(name, sizeof(name));
		err = link_name(file, name);
		if (err && err != -EEXIST)
			return err;
		if (!err)
			snprintf(file->temporary, sizeof(file->temporary), "%s", name);
	}
	return err;
}

static int replace_old(struct owned_file *file)
{
	int err = link_temporary(file);

	if (!err && renameat(file->dir, file->temporary, file->dir, file->name))
		err = -errno;
	if (!err)
		file->temporary[0] = 0;
	return err;
}

/* Replaces only the file that had the name at the start, or that we made. */
static int take_name(struct owned_file *file)
{
	struct stat st;
	int err;

	if (!file->name[0])
		return -EEXIST;
	if (fstatat(file->dir, file->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? take_new_name(file, file->name) : -errno;
	err = check_existing(&st);
	if (!err && (!file->inode || st.st_dev != file->device || st.st_ino != file->inode))
		err = -EEXIST;
	return err ? err : replace_old(file);
}

static int take_other_name(struct owned_file *file)
{
	int i, err = -EEXIST;

	for (i = 0; i < NAME_TRIES && err == -EEXIST; i++) {
		file_names_other(file->base, file->name, sizeof(file->name));
		err = take_new_name(file, file->name);
	}
	return err;
}

static void note_identity(struct owned_file *file)
{
	struct stat st;

	if (fstat(file->fd, &st))
		return;
	file->device = st.st_dev;
	file->inode = st.st_ino;
}

static int commit_name(struct owned_file *file)
{
	int err = take_name(file);

	if (err && !take_other_name(file)) {
		file->moved = file->moved ?: err;
		err = 0;
	}
	if (err)
		return name_removal(file, err);
	note_identity(file);
	sync_folder(file);
	return 0;
}

int owned_file_commit(struct owned_file *file)
{
	int err = sync_to_disk(file->fd);

	if (err || file->in_place)
		return err;
	err = invoker_files_begin();
	if (err)
		return err;
	err = commit_name(file);
	invoker_files_end();
	return err;
}

void owned_file_close(struct owned_file *file)
{
	bool as_invoker = file->temporary[0] && !invoker_files_begin();

	drop_version(file);
	if (as_invoker)
		invoker_files_end();
	if (file->dir >= 0)
		close(file->dir);
	file->dir = -1;
}
