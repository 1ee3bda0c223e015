// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file_system.c - tells the file systems of this machine from those whose server may stop answering. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/files/file_system.h"
#include "base/proc.h"

#define NR_KNOWN 64		/* a power of two */
#define KNOWN_NS 1000000000ULL	/* a device number without a disk may belong to another file system after that */
#define MAX_MOUNTS 65536
#define MAX_PARENTS 8
#define FIELD_PARENT 4		/* of /proc/PID/stat */

bool file_system_type_is_local(const char *type)
{
	static const char *const types[] = {
		"bcachefs", "bpf", "btrfs", "cgroup", "cgroup2", "configfs", "debugfs", "devtmpfs", "devpts", "efivarfs", "erofs", "exfat",
		"ext2", "ext3", "ext4", "f2fs", "hugetlbfs", "iso9660", "jffs2", "jfs", "mqueue", "nilfs2", "nsfs", "ntfs3", "proc",
		"pstore", "ramfs", "reiserfs", "rootfs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs", "tracefs", "ubifs",
		"udf", "vfat", "xfs", "zfs",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/* ---- mountinfo ---- */

static char *next_word(char **text)
{
	char *word;

	do
		word = strsep(text, " \n");
	while (word && !*word);
	return word;
}

/* "36 35 98:0 /root /point options [tags ...] - type source options" */
bool file_system_parse_mount(char *line, struct mount_line *mount)
{
	unsigned int dev_major, dev_minor;
	char *at = line, *word = next_word(&at);

	if (!word || sscanf(word, "%u", &mount->id) != 1)
		return false;
	next_word(&at);
	word = next_word(&at);
	if (!word || sscanf(word, "%u:%u", &dev_major, &dev_minor) != 2)
		return false;
	next_word(&at);
	mount->dev = makedev(dev_major, dev_minor);
	mount->point = next_word(&at);
	while ((word = next_word(&at)) && strcmp(word, "-"))
		;
	mount->type = next_word(&at);
	next_word(&at);
	mount->options = next_word(&at);
	if (!mount->options)
		mount->options = line + strlen(line);
	return mount->point && mount->type;
}

/* Calls visit() for each mount until it returns false. */
static void each_mount(pid_t pid, bool (*visit)(void *ctx, struct mount_line *mount), void *ctx)
{
	FILE *file = proc_open(pid, "mountinfo");
	struct mount_line mount;
	char *line = NULL;
	bool more = true;
	size_t room = 0;
	int n;

	for (n = 0; file && more && n < MAX_MOUNTS && getline(&line, &room, file) > 0; n++)
		if (file_system_parse_mount(line, &mount))
			more = visit(ctx, &mount);
	free(line);
	if (file)
		fclose(file);
}

/* ---- the layers of an overlay ---- */

static bool lies_below(const char *path, size_t length, const char *point)
{
	size_t n = strlen(point);

	return n == 1 || (length >= n && !strncmp(path, point, n) && (length == n || path[n] == '/'));
}

/* Returns true if a path of "lowerdir=/a:/b" or the like lies below the mount point. */
static bool some_path_lies_below(const char *paths, size_t length, const char *point)
{
	const char *end = paths + length;

	while (paths < end) {
		size_t n = strcspn(paths, ":,");

		if (*paths == '/' && lies_below(paths, n, point))
			return true;
		paths += n + 1;
	}
	return false;
}

struct layer_search {
	const char *options;	/* "rw,lowerdir=/a:/b,upperdir=/c,workdir=/d"; lowerdir+= and datadir+= are repeated */
	bool remote;
};

static bool match_layers(void *ctx, struct mount_line *mount)
{
	struct layer_search *search = ctx;
	const char *option = search->options;

	if (file_system_type_is_local(mount->type) || !strcmp(mount->type, "overlay"))
		return true;
	while (*option && !search->remote) {
		size_t n = strcspn(option, ","), name = strcspn(option, "=,");

		if (name < n && (!strncmp(option, "lowerdir", 8) || !strncmp(option, "datadir", 7) || !strncmp(option, "upperdir", 8)))
			search->remote = some_path_lies_below(option + name + 1, n - name - 1, mount->point);
		option += n + (option[n] == ',');
	}
	return !search->remote;
}

struct overlay_search {
	dev_t dev;
	char *options;		/* NULL: not found */
	bool is_root;		/* found, as a root: its layers lie outside */
};

static bool match_overlay(void *ctx, struct mount_line *mount)
{
	struct overlay_search *search = ctx;

	if (mount->dev != search->dev || strcmp(mount->type, "overlay"))
		return true;
	search->is_root |= !strcmp(mount->point, "/");
	if (strcmp(mount->point, "/"))
		search->options = strdup(mount->options);
	return !search->options;
}

/*
 * The paths of the layers are those of the process that has mounted the overlay. A container has it as its root, where they mean
 * nothing. A process that has it elsewhere, as those that manage containers do, sees the layers. *is_root: as in overlay_search.
 */
static bool find_layers(pid_t view, dev_t dev, struct layer_search *found, bool *is_root)
{
	struct overlay_search search = {.dev = dev};

	each_mount(view, match_overlay, &search);
	*is_root = search.is_root;
	if (!search.options)
		return false;
	found->options = search.options;
	each_mount(view, match_layers, found);
	free(search.options);
	return true;
}

/* If nobody sees the layers, only the overlay that is the profiler's own root is taken for one of this machine. */
static bool overlay_is_local(pid_t pid, dev_t dev)
{
	struct layer_search layers = {0};
	bool is_root, is_own_root;
	pid_t view;
	int i;

	if (find_layers(getpid(), dev, &layers, &is_own_root) || find_layers(1, dev, &layers, &is_root))
		return !layers.remote;
	for (i = 0, view = pid; i < MAX_PARENTS && view > 1; i++, view = (pid_t)proc_stat_field(view, FIELD_PARENT))
		if (find_layers(view, dev, &layers, &is_root))
			return !layers.remote;
	return is_own_root;
}

/* ---- devices ---- */

struct device_search {
	dev_t dev;
	unsigned int id;	/* of the mount; 0: by its device number */
	bool found, local, overlay;
};

static bool match_device(void *ctx, struct mount_line *mount)
{
	struct device_search *search = ctx;

	if (search->id ? mount->id != search->id : mount->dev != search->dev)
		return true;
	search->found = true;
	search->dev = mount->dev;
	search->overlay = !strcmp(mount->type, "overlay");
	search->local = file_system_type_is_local(mount->type);
	return false;
}

static bool search_says_local(const struct device_search *search, pid_t pid)
{
	return search->overlay ? overlay_is_local(pid, search->dev) : search->local;
}

/* Shared memory and memfds lie on a file system of the kernel's own that is mounted nowhere. */
static bool is_shared_memory(dev_t dev)
{
	int fd = memfd_create("device", MFD_CLOEXEC);
	struct stat st;
	bool is;

	is = fd >= 0 && !fstat(fd, &st) && st.st_dev == dev;
	if (fd >= 0)
		close(fd);
	return is;
}

/* A layer of an overlay may be on a disk that is mounted nowhere. */
static bool look_up_device(pid_t pid, dev_t dev)
{
	struct device_search search = {.dev = dev};
	const pid_t views[] = {pid, getpid(), 1};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views) && !search.found; i++)
		each_mount(views[i], match_device, &search);
	return search.found ? search_says_local(&search, pid) : major(dev) || is_shared_memory(dev);
}

bool file_system_is_local(pid_t pid, dev_t dev)
{
	static struct { dev_t dev; __u64 until_ns; bool local; } known[NR_KNOWN];
	__u64 now = clock_now_ns();
	size_t i = (minor(dev) ^ major(dev) << 3) & (NR_KNOWN - 1);

	if (known[i].dev == dev && now < known[i].until_ns)
		return known[i].local;
	known[i].dev = dev;
	known[i].local = look_up_device(pid, dev);
	known[i].until_ns = now + KNOWN_NS;
	return known[i].local;
}

bool file_system_of_is_local(pid_t pid, int fd)
{
	struct device_search search = {0};
	char name[32], text[PROC_TEXT];
	__u64 id;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (proc_read(getpid(), name, text, sizeof(text)) <= 0 || !proc_number(text, "mnt_id", 10, &id))
		return false;
	search.id = (unsigned int)id;
	each_mount(pid, match_device, &search);
	return search.found && search_says_local(&search, pid);
}
