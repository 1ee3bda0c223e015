/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * process_memory.h - reads the memory of a process without waiting for it.
 *
 * A page that is not in memory is fetched from its file, and the server of the file may not answer: then only SIGKILL would end
 * the reader. So pages that are not there are read only from file systems of this machine.
 */
#ifndef BASE_PROCESS_MEMORY_H
#define BASE_PROCESS_MEMORY_H

#include <linux/types.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads all `size` bytes. Returns 0 or -errno: -EFAULT if some are not mapped, or cannot be read without waiting. */
int process_memory_read(pid_t pid, __u64 address, void *to, size_t size);

/* To be called when a process has executed another image. After vfork() its old memory lives on, and would be taken for its own. */
void process_memory_forget(pid_t pid);

#endif
