/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* bpf_helpers.h - declares the helpers of BPF programs that are compiled for the host; tests/fuzz/host.h defines them. */
#ifndef FUZZ_BPF_HELPERS_H
#define FUZZ_BPF_HELPERS_H

#include <linux/bpf.h>
#include <stddef.h>

#define SEC(name)
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define barrier() asm volatile("" ::: "memory")

struct task_struct;

void *bpf_map_lookup_elem(void *map, const void *key);
void *bpf_map_lookup_percpu_elem(void *map, const void *key, __u32 cpu);
long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
void *bpf_task_storage_get(void *map, struct task_struct *task, void *value, __u64 flags);
struct task_struct *bpf_get_current_task_btf(void);
long bpf_task_pt_regs(struct task_struct *task);
long bpf_probe_read_user(void *to, __u32 size, const void *from);
long bpf_probe_read_user_str(void *to, __u32 size, const void *from);
long bpf_probe_read_kernel(void *to, __u32 size, const void *from);
long bpf_probe_read_kernel_str(void *to, __u32 size, const void *from);
long bpf_loop(__u32 nr, void *callback, void *context, __u64 flags);
__u64 bpf_ktime_get_ns(void);
__u32 bpf_get_prandom_u32(void);
__u64 bpf_get_attach_cookie(void *context);
long bpf_get_stack(void *context, void *to, __u32 size, __u64 flags);
long bpf_ringbuf_output(void *ring, void *data, __u64 size, __u64 flags);

#endif
