/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* records_wrap.h - the kernel of tests/fuzz/records.c: what it does not say is not there. */
#ifndef FUZZ_RECORDS_WRAP_H
#define FUZZ_RECORDS_WRAP_H

int __wrap_process_memory_read(pid_t pid, __u64 address, void *to, size_t size);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
size_t __wrap_thread_lister_read(struct thread_lister *lister, const struct programs *bpf, struct thread_view **views);
int __wrap_bpf_map__fd(const struct bpf_map *map);
int __wrap_bpf_program__fd(const struct bpf_program *prog);
int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size);
int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next);
struct bpf_map *__wrap_bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map);

/* A map is its number. */
int __wrap_bpf_map__fd(const struct bpf_map *map)
{
	return (int)(uintptr_t)map;
}

int __wrap_bpf_program__fd(const struct bpf_program *prog)
{
	(void)prog;
	return -1;
}

int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size)
{
	(void)fd, (void)info, (void)size;
	return -EBADF;
}

int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next)
{
	(void)fd, (void)key, (void)next;
	return -ENOENT;
}

struct bpf_map *__wrap_bpf_object__next_map(const struct bpf_object *obj, const struct bpf_map *map)
{
	(void)obj, (void)map;
	return NULL;
}

#endif
