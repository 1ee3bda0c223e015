/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * elf_file.h - the program headers of an ELF file, which map its addresses to its offsets.
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

/* Reads the program headers. Returns -ENOEXEC if the file is no 64-bit ELF file. The caller keeps the descriptor. */
int elf_file_open(struct elf_file *elf, int fd);

/* Stores the offset of an address of the file. Returns -ENOENT if no segment has it. */
int elf_file_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset);

/* The same for code: the segment is executable. */
int elf_file_code_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset);

/*
 * Stores the difference between addresses of a process and of the file, for a mapping at `start` of the file from `offset`
 * on; or returns -ENOENT.
 */
int elf_file_bias(const struct elf_file *elf, __u64 start, __u64 offset, __u64 *bias);

#endif
