/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* target_memory.h - the memory of the process, as whoever opened the symbols reads it. */
#ifndef SYMBOL_TARGET_MEMORY_H
#define SYMBOL_TARGET_MEMORY_H

#include <errno.h>
#include <stddef.h>

#include <linux/types.h>

struct target_memory {
	int (*read)(void *ctx, __u64 address, void *to, size_t size);	/* 0, or -errno */
	void *ctx;
};

static inline int target_memory_read(const struct target_memory *memory, __u64 address, void *to, size_t size)
{
	/* Pointers of the target's may be anything; no process has memory at either end. */
	if (address < 4096 || address >= 1ULL << 56)
		return -EFAULT;
	return memory->read(memory->ctx, address, to, size);
}

#endif
