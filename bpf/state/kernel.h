/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kernel.h - the kernel's types, cut down to the fields that are used.
 *
 * preserve_access_index makes libbpf look up every field in the running kernel's BTF. So neither order nor size
 * matters here, and no vmlinux.h is generated at build time. A struct whose name ends in ___something is a variant
 * of another kernel release.
 */
#ifndef BPF_STATE_KERNEL_H
#define BPF_STATE_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <asm/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct percpu_counter {
	s64 count;
	s32 *counters;		/* one for each CPU */
};

typedef struct {
	s64 counter;
} atomic_long_t;

struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
};

struct mm_struct {
	unsigned long hiwater_rss;	/* pages; raised when pages are given back */
	unsigned long total_vm;		/* pages */
	unsigned long start_stack;
	struct percpu_counter rss_stat[4];	/* Linux 6.2 and later: file, anon, swap, shmem */
	struct uprobes_state uprobes_state;
};

/* Linux 6.1 and earlier: plain counters, to which threads add their changes now and then. */
struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct___6_1 {
	struct mm_rss_stat rss_stat;
};

#if defined(__TARGET_ARCH_x86)
struct thread_struct {
	unsigned long fsbase;
};
#elif defined(__TARGET_ARCH_arm64)
struct thread_struct {
	struct {
		unsigned long tp_value;
	} uw;
};
#endif

struct signal_struct {
	struct {
		int counter;
	} live;
	unsigned int flags;
	int group_exit_code;
};

#define SIGNAL_GROUP_EXIT 4

/* Tells the kind of file that a thread waits for in a system call. */
struct super_block {
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	struct super_block *i_sb;
};

struct sock_common {
	unsigned short skc_family;
};
struct sock {
	struct sock_common __sk_common;
};
struct socket {
	struct sock *sk;
};

struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct qstr d_name;
};
struct path {
	struct dentry *dentry;
};

struct file {
	struct inode *f_inode;
	struct path f_path;
	void *private_data;	/* the socket, the epoll set, the ring; a BPF map's descriptor: the map */
};

struct bpf_array {
	void *pptrs[1];		/* of a percpu array: one for each entry, relative to a CPU's area */
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct list_head {
	struct list_head *next;
};
struct hlist_node {
	struct hlist_node *next;
};
struct rb_node {
	struct rb_node *rb_left, *rb_right;
};
struct rb_root {
	struct rb_node *rb_node;
};
struct rb_root_cached {
	struct rb_root rb_root;
};

/* A file in an epoll set. */
struct epoll_filefd {
	struct file *file;
};

struct epitem {
	struct rb_node rbn;
	struct list_head rdllink;
	struct epoll_filefd ffd;
};

struct eventpoll {
	struct list_head rdllist;	/* files that are ready */
	struct rb_root_cached rbr;	/* all files */
};

/* An io_uring, and its table of the requests that wait for their files to become ready. */
struct hlist_head {
	struct hlist_node *first;
};

struct io_hash_bucket {
	struct hlist_head list;
};

struct io_hash_table {
	struct io_hash_bucket *hbs;
	unsigned int hash_bits;
};

struct io_ring_ctx {
	struct io_hash_table cancel_table;
	struct io_hash_table cancel_table_locked;	/* Linux 6.0 to 6.12 */
	struct list_head timeout_list;
};

struct io_ring_ctx___5_15 {
	struct hlist_head *cancel_hash;
	unsigned int cancel_hash_bits;
};

struct io_kiocb {
	struct file *file;
	struct hlist_node hash_node;
};

struct io_uring_task {
	struct file *registered_rings[16];	/* Linux 5.18 and later */
};

/* The CPU quota of a cgroup. */
struct cfs_bandwidth {
	u64 quota;
};

struct task_group {
	struct task_group *parent;
	struct cfs_bandwidth cfs_bandwidth;
};

/* A cgroup's run queue on one CPU. */
struct cfs_rq {
	u64 throttled_clock_self_time;	/* Linux 6.6 and later: ns in which its threads were throttled */
	int throttle_count;
};

struct cfs_rq___5_19 {
	u64 throttled_clock_pelt_time;
};

struct cfs_rq___5_15 {
	u64 throttled_clock_task_time;
};

struct pid_namespace;

/* A number in one PID namespace. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;		/* of its innermost namespace */
	struct upid numbers[1];		/* one for each namespace, from the initial one, which has level 0, down to that one */
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
	u64 prev_sum_exec_runtime;	/* sum_exec_runtime when it got the CPU it has */
	u64 sum_exec_runtime;	/* ns on a CPU; for a running task, as of its last tick */
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	unsigned int on_cpu;	/* a byte in Linux 7.3: libbpf narrows a read only if the field is unsigned */
	struct sched_entity se;
	struct task_group *sched_task_group;
	struct signal_struct *signal;
	struct files_struct *files;
	struct io_uring_task *io_uring;
	int exit_code, pid, tgid;	/* the latter two are numbers in the initial PID namespace */
	struct task_struct *group_leader;
	struct pid *thread_pid;		/* NULL: it has exited */
	u64 start_time;
	u64 self_exec_id;
	unsigned long min_flt, maj_flt, jobctl;
	unsigned int in_iowait : 1;
	char comm[16];
	void *robust_list;
	struct mm_struct *mm;
	struct thread_struct thread;
};

/* Linux 7.3 has the list of robust futexes here. */
struct futex_sched_data {
	void *robust_list;
};

struct task_struct___7_3 {
	struct futex_sched_data futex;
};

/* Linux 6.1 and earlier: pages that a thread has not yet added to its process's counters. */
struct task_rss_stat {
	int count[4];
};

struct task_struct___6_1 {
	struct task_rss_stat rss_stat;
};

#define KERNEL_WORKER	0x4010		/* in task->flags: PF_IO_WORKER or PF_USER_WORKER, which runs no code of its process */
#define TASK_STOPPED	0x0004
#define TASK_TRACED	0x0008
#define TASK_DEAD	0x0080
#define SIGKILL		9
#define TASK_FROZEN	0x8000		/* Linux 6.1 and later */
#define JOBCTL_TRAP_FREEZE (1UL << 23)

#if defined(__TARGET_ARCH_arm64)
struct pt_regs___syscall {
	s32 syscallno;
};
#endif

/* A program that is being executed. */
struct linux_binprm {
	unsigned int secureexec:1;	/* it has more rights than its caller: set-user-ID, file capabilities */
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/*
 * Pointers in the kernel's structures are read by copy. A direct load costs the verifier of later kernels some
 * milliseconds each time, because it searches all types for those that it may trust.
 */
static __always_inline struct mm_struct *mm_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, mm);
}

/*
 * Returns the RSS of the current process, as far as the kernel's shared counters have it: each CPU may hold back
 * 32 pages. Only constant indices are looked up in the running kernel's types. Index 2 counts swap entries.
 */
static __always_inline u64 current_rss_bytes(void)
{
	struct mm_struct *mm = mm_of(bpf_get_current_task_btf());
	struct mm_struct___6_1 *old = (void *)mm;
	s64 pages;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(old->rss_stat.count))
		pages = BPF_CORE_READ(old, rss_stat.count[0].counter) + BPF_CORE_READ(old, rss_stat.count[1].counter) +
			BPF_CORE_READ(old, rss_stat.count[3].counter);
	else
		pages = BPF_CORE_READ(mm, rss_stat[0].count) + BPF_CORE_READ(mm, rss_stat[1].count) +
			BPF_CORE_READ(mm, rss_stat[3].count);
	return pages > 0 ? (u64)pages * 4096 : 0;
}

/* Returns the threads of the task's process that have not begun to exit. */
static __always_inline int live_threads(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, live.counter);
}

/* Returns the thread pointer, from which the C library finds thread-local variables. That of a kernel's worker is its creator's. */
static __always_inline u64 thread_pointer(struct task_struct *task)
{
	if (task->flags & KERNEL_WORKER)
		return 0;
#if defined(__TARGET_ARCH_x86)
	return task->thread.fsbase;
#else
	return task->thread.uw.tp_value;
#endif
}

/* Returns the user-space address of the task's list of robust futexes, which glibc keeps in its struct pthread. */
static __always_inline u64 robust_list_of(struct task_struct *task)
{
	struct task_struct___7_3 *new = (void *)task;

	if (bpf_core_field_exists(new->futex.robust_list))
		return (u64)BPF_CORE_READ(new, futex.robust_list);
	return (u64)BPF_CORE_READ(task, robust_list);
}

/*
 * The system call that a task is in, and its arguments up to the fifth. On x86-64 a negative number means that the task
 * entered the kernel by an exception or an interrupt: if it blocks there, it has faulted.
 */
static __always_inline s64 syscall_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return (s64)regs->orig_rax;
#else
	return ((struct pt_regs___syscall *)regs)->syscallno;
#endif
}

static __always_inline u64 syscall_argument(struct pt_regs *regs, int i)
{
#if defined(__TARGET_ARCH_x86)
	return i == 0 ? regs->rdi : i == 1 ? regs->rsi : i == 2 ? regs->rdx : i == 3 ? regs->r10 : regs->r8;
#else
	return ((struct user_pt_regs *)regs)->regs[i];
#endif
}

#endif
