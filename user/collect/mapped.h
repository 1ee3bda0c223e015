/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * mapped.h - the executable files that a process has mapped, as they are, and where they lie in it.
 *
 * A file is opened through /proc/PID/map_files, which is the right one even if it was deleted, replaced, or
 * lies in another mount namespace. It belongs to the process and may hold anything: every offset is bounded.
 */
#ifndef COLLECT_MAPPED_H
#define COLLECT_MAPPED_H

#include <elf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#define MAX_PHDRS 64

struct elf_file {
	int fd;
	int nr_phdrs;
	Elf64_Phdr phdrs[MAX_PHDRS];
};

struct mapping {
	__u64 start, end, offset, dev, ino;
	char path[256];
};

/*
 * Calls visit() with an open descriptor for each file that has an executable mapping, until it returns false;
 * the visitor closes the descriptor or keeps it. Files that wants() has no use for are not opened; NULL: all are.
 * -errno if the process cannot be looked at.
 */
int mapped_each(pid_t pid, bool (*wants)(void *ctx, const struct mapping *map),
		bool (*visit)(void *ctx, int fd, const struct mapping *map), void *ctx);

/* The program headers of a 64-bit ELF file; -ENOEXEC if it is none. Keeps fd. */
int mapped_elf_open(struct elf_file *elf, int fd);

/* Where in the file an address of it lies; -ENOENT. */
int mapped_elf_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset);

/* What to add to the file's addresses to get the process's. */
int mapped_elf_bias(const struct elf_file *elf, const struct mapping *map, __u64 *bias);

#endif
