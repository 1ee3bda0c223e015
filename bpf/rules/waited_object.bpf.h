/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * waited_object.bpf.h - what a thread waits for, from the objects in the kernel: a file, the files of a set that is polled, the
 * requests of a ring.
 *
 * The kernel's structures are read as they are. Another thread may change them meanwhile: then a cause is wrong, and nothing else.
 */
#ifndef BPF_RULES_WAITED_OBJECT_H
#define BPF_RULES_WAITED_OBJECT_H

#include "state/maps.bpf.h"

#define S_IFMT	0170000
#define S_IFSOCK 0140000
#define S_IFREG	0100000
#define S_IFCHR	0020000
#define S_IFIFO	0010000

#define NVIDIA_MAJOR 195
#define ACCEL_MAJOR 261
#define AF_UNIX 1

/* Values of s_magic: file systems whose files are no data on a disk. */
#define ANON_INODE_MAGIC	0x09041934
#define PID_FS_MAGIC		0x50494446
#define MQUEUE_MAGIC		0x19800202
#define PROC_MAGIC		0x00009fa0
#define SYSFS_MAGIC		0x62656572
#define TRACEFS_MAGIC		0x74726163
#define DEBUGFS_MAGIC		0x64626720

#define SET_FILES 4		/* files of a set that are examined */
#define SET_NODES 7		/* nodes of an epoll set's tree that are examined: the three topmost levels */
#define RING_BUCKETS 256	/* of a ring's table of requests that are examined */

/* A set of causes is a word with a bit for each. This bit says that a socket in it is of the local kind (AF_UNIX). */
#define LOCAL_SOCKET (1U << 31)

#define NAME_BYTES(n) (~0ULL >> (64 - 8 * (n)))	/* the first n bytes of a name in a little-endian word */
#define NAME(a, b, c, d, e, f, g) \
	((u64)(a) | (u64)(b) << 8 | (u64)(c) << 16 | (u64)(d) << 24 | (u64)(e) << 32 | (u64)(f) << 40 | (u64)(g) << 48)

/*
 * Devices of GPUs: nvidia0, nvidiactl, nvidia-uvm; kfd, which is AMD's; renderD128 of any vendor; accel0; dxg of Windows' hypervisor. Most
 * have no fixed major number, so names count, too.
 */
static __always_inline bool is_gpu(struct file *file, struct inode *inode)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	u32 major = BPF_CORE_READ(inode, i_rdev) >> 20;
	u64 word = 0;

	if (major == NVIDIA_MAJOR || major == ACCEL_MAJOR)
		return true;
	bpf_probe_read_kernel_str(&word, sizeof(word), name);
	return (word & NAME_BYTES(6)) == NAME('n', 'v', 'i', 'd', 'i', 'a', 0) || word == NAME('r', 'e', 'n', 'd', 'e', 'r', 'D') ||
	       word == NAME('k', 'f', 'd', 0, 0, 0, 0) || word == NAME('d', 'x', 'g', 0, 0, 0, 0);
}

/* Files that have no inode of their own differ in their names. Another thread signals an eventfd. */
static __always_inline u32 cause_of_anonymous(struct file *file)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	char text[8] = "";

	bpf_probe_read_kernel_str(text, sizeof(text), name);
	if (text[0] != '[')
		return CAUSE_OTHER;
	if (text[1] == 'e' && text[6] == 'f')	/* [eventfd], but not [eventpoll] */
		return CAUSE_LOCK;
	if (text[1] == 'p' && text[2] == 'i')	/* [pidfd] before Linux 6.9 */
		return CAUSE_CHILD;
	return text[1] == 't' || text[1] == 's' ? CAUSE_SLEEP : CAUSE_OTHER;	/* [timerfd], [signalfd] */
}

static __always_inline u32 cause_of_inode(struct file *file, struct inode *inode, u32 mode)
{
	switch (BPF_CORE_READ(inode, i_sb, s_magic)) {
	case ANON_INODE_MAGIC:
		return cause_of_anonymous(file);
	case PID_FS_MAGIC:
		return CAUSE_CHILD;
	case MQUEUE_MAGIC:
	case PROC_MAGIC:
	case SYSFS_MAGIC:
	case TRACEFS_MAGIC:
	case DEBUGFS_MAGIC:
		return CAUSE_OTHER;
	}
	return mode ? CAUSE_DISK : CAUSE_OTHER;
}

/* Returns a set of one cause. Global, as others here, so that it is verified once; therefore pointers come as numbers. */
__weak __noinline u32 causes_of_file(u64 address)
{
	struct file *file = (void *)address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	u32 mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	struct socket *socket;

	switch (mode) {
	case S_IFSOCK:
		socket = BPF_CORE_READ(file, private_data);
		return 1U << CAUSE_NETWORK | (BPF_CORE_READ(socket, sk, __sk_common.skc_family) == AF_UNIX ? LOCAL_SOCKET : 0);
	case S_IFIFO:
		return 1U << CAUSE_PIPE;
	case S_IFCHR:
		return 1U << (is_gpu(file, inode) ? CAUSE_GPU : CAUSE_OTHER);
	}
	return 1U << cause_of_inode(file, inode, mode);
}

/* Returns the address of the file behind a descriptor, 0 if there is none. */
__weak __noinline u64 file_in_table(u64 address, u32 fd)
{
	struct fdtable *table = (void *)address;
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), files + fd))
		return 0;
	return (u64)file;
}

/* Tasks come as addresses, like pointers, so that functions that take them are verified once. */
static __always_inline u64 file_at(u64 task, u32 fd)
{
	return file_in_table((u64)BPF_CORE_READ((struct task_struct *)task, files, fdt), fd);
}

__weak __noinline u32 causes_of_descriptor(u64 task, u32 fd)
{
	u64 file = file_at(task, fd);

	return file ? causes_of_file(file) : 1U << CAUSE_OTHER;
}

/*
 * Returns the one of a set that is named: the others are often there beside it, to stop the wait. A GPU's driver polls its device with
 * pipes and eventfds of its own. Nothing but its end ends a wait for an empty set.
 */
__weak __noinline u32 cause_in_set(u32 causes)
{
	if (causes & 1U << CAUSE_GPU)
		return CAUSE_GPU;
	if (causes & 1U << CAUSE_NETWORK)
		return CAUSE_NETWORK;
	if (causes & 1U << CAUSE_PIPE)
		return CAUSE_PIPE;
	if (causes & 1U << CAUSE_CHILD)
		return CAUSE_CHILD;
	if (causes & 1U << CAUSE_DISK)
		return CAUSE_DISK;
	if (causes & 1U << CAUSE_OTHER)
		return CAUSE_OTHER;
	return causes & 1U << CAUSE_LOCK ? CAUSE_LOCK : CAUSE_SLEEP;
}

/* The memory of another task than the current one cannot be read. */
static __always_inline bool has_memory(u64 task)
{
	return task == bpf_get_current_task();
}

/* ---- poll(), select() ---- */

/* A task's array of struct pollfd. */
__weak __noinline u32 causes_of_poll(u64 task, u64 fds, u64 n)
{
	u32 causes = 0, i;
	s32 fd;

	if (!has_memory(task))
		return n ? 1U << CAUSE_OTHER : 0;
	for (i = 0; i < SET_FILES; i++)
		if (i < n && !bpf_probe_read_user(&fd, sizeof(fd), (void *)(fds + 8 * i)) && fd >= 0)
			causes |= causes_of_descriptor(task, fd);
	return causes;
}

struct select_search {
	u64 task;
	u64 fds;	/* the sets' first 64 descriptors */
	u32 left;	/* descriptors that may still be examined */
	u32 causes;
};

static long add_selected(u32 fd, struct select_search *s)
{
	if (s->fds >> (fd & 63) & 1) {
		s->causes |= causes_of_descriptor(s->task, fd);
		s->left--;
	}
	return !s->left;
}

/* A task's sets of descriptors below n: the lowest descriptors of the first 64 count. */
__weak __noinline u32 causes_of_select(u64 task, u64 n, u64 readable, u64 writable)
{
	struct select_search s = {.task = task, .left = SET_FILES};
	u64 more = 0;

	if (!has_memory(task))
		return n ? 1U << CAUSE_OTHER : 0;
	if (readable)
		bpf_probe_read_user(&s.fds, sizeof(s.fds), (void *)readable);
	if (writable)
		bpf_probe_read_user(&more, sizeof(more), (void *)writable);
	s.fds |= more;
	if (n < 64)
		s.fds &= (1ULL << n) - 1;
	if (s.fds)
		bpf_loop(64, add_selected, &s, 0);
	return s.causes || n <= 64 ? s.causes : 1U << CAUSE_OTHER;
}

/* ---- epoll ---- */

static __always_inline struct eventpoll *epoll_at(u64 task, u32 fd)
{
	struct file *file = (void *)file_at(task, fd);
	char text[8] = "";

	if (!file)
		return NULL;
	bpf_probe_read_kernel_str(text, sizeof(text), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (text[0] != '[' || text[1] != 'e' || text[6] != 'p')
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

static __always_inline struct file *file_of_node(struct rb_node *node)
{
	struct epitem *item = (void *)node - bpf_core_field_offset(struct epitem, rbn);

	return BPF_CORE_READ(item, ffd.file);
}

/* Returns the causes of the files in an epoll set. */
__weak __noinline u32 causes_in_set(u64 address)
{
	struct eventpoll *epoll = (void *)address;
	struct rb_node *nodes[2 * SET_NODES + 1] = {};
	u32 causes = 0, i;

	if (!epoll)
		return 1U << CAUSE_OTHER;
	nodes[0] = BPF_CORE_READ(epoll, rbr.rb_root.rb_node);
#pragma unroll
	for (i = 0; i < SET_NODES; i++) {
		if (!nodes[i])
			continue;
		causes |= causes_of_file((u64)file_of_node(nodes[i]));
		nodes[2 * i + 1] = BPF_CORE_READ(nodes[i], rb_left);
		nodes[2 * i + 2] = BPF_CORE_READ(nodes[i], rb_right);
	}
	return causes;
}

/* Returns the causes of a task's wait for an epoll set. If it has ended, the first file that is ready ended it. */
__weak __noinline u32 causes_of_epoll(u64 task, u32 fd, u32 ended)
{
	struct eventpoll *epoll = epoll_at(task, fd);
	struct list_head *first, *list;
	struct epitem *item;

	if (!epoll || !ended)
		return causes_in_set((u64)epoll);
	list = (void *)epoll + bpf_core_field_offset(struct eventpoll, rdllist);
	first = BPF_CORE_READ(epoll, rdllist.next);
	if (!first || first == list)
		return causes_in_set((u64)epoll);
	item = (void *)first - bpf_core_field_offset(struct epitem, rdllink);
	return causes_of_file((u64)BPF_CORE_READ(item, ffd.file));
}

/* ---- io_uring ---- */

struct ring_search {
	u64 bucket;	/* address of the next bucket of a table of requests */
	u32 bytes;	/* of a bucket */
	struct hlist_node *found;
};

static long find_request(u32 i, struct ring_search *s)
{
	if (bpf_probe_read_kernel(&s->found, sizeof(s->found), (void *)s->bucket))
		s->found = NULL;
	s->bucket += s->bytes;
	return s->found != NULL;
}

static __always_inline struct hlist_node *first_request(u64 table, u32 bytes, u32 bits)
{
	struct ring_search s = {.bucket = table, .bytes = bytes};

	if (table && bits <= 16)
		bpf_loop(1U << bits < RING_BUCKETS ? 1U << bits : RING_BUCKETS, find_request, &s, 0);
	return s.found;
}

/* Returns a request that waits for its file to become ready. */
static __noinline struct hlist_node *polled_request(struct io_ring_ctx *ring)
{
	struct io_ring_ctx___5_15 *old = (void *)ring;
	struct hlist_node *found;

	if (bpf_core_field_exists(old->cancel_hash))
		return first_request((u64)BPF_CORE_READ(old, cancel_hash), sizeof(u64), BPF_CORE_READ(old, cancel_hash_bits));
	if (!bpf_core_field_exists(ring->cancel_table))
		return NULL;
	found = first_request((u64)BPF_CORE_READ(ring, cancel_table.hbs) + bpf_core_field_offset(struct io_hash_bucket, list),
			      bpf_core_type_size(struct io_hash_bucket), BPF_CORE_READ(ring, cancel_table.hash_bits));
	if (found || !bpf_core_field_exists(ring->cancel_table_locked))
		return found;
	return first_request((u64)BPF_CORE_READ(ring, cancel_table_locked.hbs) + bpf_core_field_offset(struct io_hash_bucket, list),
			     bpf_core_type_size(struct io_hash_bucket), BPF_CORE_READ(ring, cancel_table_locked.hash_bits));
}

static __always_inline struct file *ring_file(u64 task, u32 fd, u32 registered)
{
	struct io_uring_task *rings = BPF_CORE_READ((struct task_struct *)task, io_uring);
	struct file *file = NULL;

	if (!registered)
		return (void *)file_at(task, fd);
	if (rings && fd < 16 && bpf_core_field_exists(rings->registered_rings))
		bpf_probe_read_kernel(&file, sizeof(file),
				      (void *)rings + bpf_core_field_offset(struct io_uring_task, registered_rings) + 8 * fd);
	return file;
}

/*
 * Returns the causes of a wait for a ring: the file of a request that is polled, or a timeout that was requested. Other requests are carried out by
 * the kernel's own threads or by a block device: they read and write files.
 */
__weak __noinline u32 causes_of_ring(u64 task, u32 fd, u32 registered)
{
	struct file *file = ring_file(task, fd, registered);
	struct io_ring_ctx *ring;
	struct hlist_node *node;
	struct io_kiocb *request;
	u64 timeouts;

	if (!file || !bpf_core_type_exists(struct io_ring_ctx) || !bpf_core_type_exists(struct io_kiocb))
		return 1U << CAUSE_OTHER;
	ring = BPF_CORE_READ(file, private_data);
	node = polled_request(ring);
	if (node) {
		request = (void *)node - bpf_core_field_offset(struct io_kiocb, hash_node);
		return causes_of_file((u64)BPF_CORE_READ(request, file));
	}
	timeouts = (u64)ring + bpf_core_field_offset(struct io_ring_ctx, timeout_list);
	return 1U << ((u64)BPF_CORE_READ(ring, timeout_list.next) != timeouts ? CAUSE_SLEEP : CAUSE_DISK);
}

#endif
