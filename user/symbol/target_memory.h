/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* target_memory.h - the memory of the target, by the function that the user of the symbols reads it with. */
#ifndef SYMBOL_TARGET_MEMORY_H
#define SYMBOL_TARGET_MEMORY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

struct target_memory {
	int (*read)(void *ctx, __u64 address, void *to, size_t size);	/* returns 0 or -errno; -ESRCH: it has ended */
	void *ctx;
};

static inline int target_memory_read(const struct target_memory *memory, __u64 address, void *to, size_t size)
{
	/* A pointer in the target may hold anything. No process has memory at either end of the address space. */
	if (address < 4096 || address >= 1ULL << 56)
		return -EFAULT;
	return memory->read(memory->ctx, address, to, size);
}

/* Returns true if the process has ended. What was read by its PID before this call may be of another process then. */
static inline bool target_memory_is_gone(const struct target_memory *memory)
{
	char byte;

	return memory->read(memory->ctx, 0, &byte, sizeof(byte)) == -ESRCH;
}

#endif
