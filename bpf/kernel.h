/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * kernel.h - the kernel's types, cut down to the fields that are used.
 *
 * preserve_access_index makes libbpf look up every field in the running kernel's BTF, so neither
 * order nor size matters here and no vmlinux.h is generated at build time. A struct whose name ends
 * in ___something is a variant of another kernel release.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

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
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct percpu_counter {
	s64 count;
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

/* Linux 6.2 and later: one percpu_counter for each of file, anon, swap, shmem. */
struct mm_struct {
	unsigned long hiwater_rss;	/* pages; raised when pages are given back */
	struct percpu_counter rss_stat[4];
	struct uprobes_state uprobes_state;
};

/* Up to 6.1: plain counters, to which threads add what they have gathered now and then. */
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
};

#define SIGNAL_GROUP_EXIT 4

struct task_struct {
	struct signal_struct *signal;
	int pid;
	int tgid;
	struct mm_struct *mm;
	struct thread_struct thread;
};

struct linux_binprm;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* Where the C library keeps a thread's local variables. */
static __always_inline u64 thread_pointer(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread.fsbase;
#else
	return task->thread.uw.tp_value;
#endif
}

#endif
