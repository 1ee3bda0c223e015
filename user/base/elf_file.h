/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * elf_file.h - the program headers of an ELF file: which of its bytes lie at which of its addresses.
 *
 * The file belongs to a target and may hold anything: every offset is bounded.
 */
#ifndef BASE_ELF_FILE_H
#define BASE_ELF_FILE_H

#include <elf.h>
#include <linux/types.h>

#define ELF_PHDRS 64		/* program headers that are read; more are ignored */

struct elf_file {
	int fd;
	int nr_phdrs;
	Elf64_Phdr phdrs[ELF_PHDRS];
};

/* Reads the program headers of a 64-bit ELF file; -ENOEXEC if it is none. The descriptor stays the caller's. */
int elf_file_open(struct elf_file *elf, int fd);

/* Where in the file an address of it lies; -ENOENT. */
int elf_file_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset);

/* The difference between the process's addresses and the file's, for a mapping at `start` of the file from `offset` on; -ENOENT. */
int elf_file_bias(const struct elf_file *elf, __u64 start, __u64 offset, __u64 *bias);

#endif
