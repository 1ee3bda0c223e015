// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* elf_file.c - the program headers of an ELF file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"

#define PAGE_BYTES 4096

int elf_file_open(struct elf_file *elf, int fd)
{
	Elf64_Ehdr h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	elf->fd = fd;
	elf->nr_phdrs = h.e_phnum < ELF_PHDRS ? h.e_phnum : ELF_PHDRS;
	if (pread(fd, elf->phdrs, elf->nr_phdrs * sizeof(Elf64_Phdr), h.e_phoff) !=
	    (ssize_t)(elf->nr_phdrs * sizeof(Elf64_Phdr)))
		return -ENOEXEC;
	return 0;
}

static int find_offset(const struct elf_file *elf, __u64 vaddr, Elf64_Word flags, __u64 *offset)
{
	int i;

	for (i = 0; i < elf->nr_phdrs; i++) {
		const Elf64_Phdr *p = &elf->phdrs[i];

		if (p->p_type == PT_LOAD && (p->p_flags & flags) == flags && vaddr >= p->p_vaddr && vaddr - p->p_vaddr < p->p_filesz) {
			*offset = vaddr - p->p_vaddr + p->p_offset;
			return 0;
		}
	}
	return -ENOENT;
}

int elf_file_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset)
{
	return find_offset(elf, vaddr, 0, offset);
}

int elf_file_code_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset)
{
	return find_offset(elf, vaddr, PF_X, offset);
}

int elf_file_bias(const struct elf_file *elf, __u64 start, __u64 offset, __u64 *bias)
{
	int i;

	for (i = 0; i < elf->nr_phdrs; i++) {
		const Elf64_Phdr *p = &elf->phdrs[i];

		if (p->p_type == PT_LOAD && offset + PAGE_BYTES - 1 >= p->p_offset && offset < p->p_offset + p->p_filesz) {
			*bias = start - (p->p_vaddr - p->p_offset + offset);
			return 0;
		}
	}
	return -ENOENT;
}
