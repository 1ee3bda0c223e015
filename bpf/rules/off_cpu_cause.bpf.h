/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * off_cpu_cause.bpf.h - why a thread is off its CPU, from its state, its system call, and the object that this
 * call waits for.
 *
 * This runs when the thread is switched out, or for a thread that was off its CPU when observation began. The
 * kernel's structures are read as they are; a descriptor that another thread closes meanwhile can give a wrong
 * cause, no more.
 */
#ifndef BPF_RULES_OFF_CPU_CAUSE_H
#define BPF_RULES_OFF_CPU_CAUSE_H

#include "state/maps.bpf.h"

#define S_IFMT	0170000
#define S_IFSOCK 0140000
#define S_IFREG	0100000
#define S_IFBLK	0060000
#define S_IFDIR	0040000
#define S_IFCHR	0020000
#define S_IFIFO	0010000

#define NVIDIA_MAJOR 195

static __always_inline bool is_nvidia(struct file *file, struct inode *inode)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	char text[8] = "";

	if (BPF_CORE_READ(inode, i_rdev) >> 20 == NVIDIA_MAJOR)
		return true;
	bpf_probe_read_kernel_str(text, sizeof(text), name);
	return text[0] == 'n' && text[1] == 'v' && text[2] == 'i' && text[3] == 'd' && text[4] == 'i' && text[5] == 'a';
}

static __noinline u32 cause_of_file(struct task_struct *task, u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;
	struct inode *inode;
	u32 mode;

	if (fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return CAUSE_OTHER;
	inode = BPF_CORE_READ(file, f_inode);
	mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	switch (mode) {
	case S_IFSOCK:
		return CAUSE_NETWORK;
	case S_IFIFO:
		return CAUSE_PIPE;
	case S_IFREG:
	case S_IFBLK:
	case S_IFDIR:
		return CAUSE_DISK;
	case S_IFCHR:
		return is_nvidia(file, inode) ? CAUSE_GPU : CAUSE_OTHER;
	}
	return CAUSE_OTHER;
}

static __always_inline u32 cause_of_poll(struct task_struct *task, u64 fds, u64 n)
{
	s32 fd;

	if (!n)
		return CAUSE_SLEEP;
	if (task != bpf_get_current_task_btf() || bpf_probe_read_user(&fd, sizeof(fd), (void *)fds) || fd < 0)
		return CAUSE_NETWORK;
	return cause_of_file(task, fd);
}

/* A sub-interpreter may have a GIL of its own, from Python 3.12 on. Other processes pay one test for that. */
static __always_inline u32 cause_of_futex(const struct process *process, u64 address)
{
	u64 key = gil_key(process->index, address);

	if (address - process->gil_start < process->gil_end - process->gil_start)
		return CAUSE_GIL;
	return process->sub_gils && bpf_map_lookup_elem(&gils, &key) ? CAUSE_GIL : CAUSE_LOCK;
}

static __always_inline u32 cause_of_syscall(struct task_struct *task, const struct process *process, struct pt_regs *regs)
{
	s64 number = syscall_number(regs);
	bool io = BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
	u64 first = syscall_first(regs);

	if (number < 0)
		return CAUSE_FAULT;
	switch (syscall_kinds[number & (SYSCALLS - 1)]) {
	case SYSCALL_FD:
		return io ? CAUSE_DISK : cause_of_file(task, first);
	case SYSCALL_FUTEX:
		return cause_of_futex(process, first);
	case SYSCALL_LOCK:
		return CAUSE_LOCK;
	case SYSCALL_SLEEP:
		return CAUSE_SLEEP;
	case SYSCALL_POLL:
		return cause_of_poll(task, first, syscall_second(regs));
	case SYSCALL_SELECT:
		return first ? CAUSE_NETWORK : CAUSE_SLEEP;
	case SYSCALL_NETWORK:
		return CAUSE_NETWORK;
	case SYSCALL_SYNC:
		return CAUSE_SYNC;
	case SYSCALL_DISK:
		return CAUSE_DISK;
	case SYSCALL_CHILD:
		return CAUSE_CHILD;
	}
	return io ? CAUSE_DISK : CAUSE_OTHER;
}

/* Returns the cause. state: as the scheduler saw it; 0: the thread could run. */
static __noinline u32 cause_of(struct task_struct *task, const struct process *process, u32 state)
{
	struct pt_regs *regs;

	if (!task || !process || !state)
		return CAUSE_RUNQUEUE;
	if (state & (TASK_STOPPED | TASK_TRACED | TASK_FROZEN) || task->jobctl & JOBCTL_TRAP_FREEZE)
		return CAUSE_STOPPED;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	return regs ? cause_of_syscall(task, process, regs) : CAUSE_OTHER;
}

#endif
