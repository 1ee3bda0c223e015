// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* elf_open.c - opens an ELF file for libelf, if it is not a trap. */
#include <elf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/native/elf_open.h"

#define MAX_SEGMENTS 1024
#define MAX_SECTIONS 4096		/* programs and libraries have some dozens */
#define MAX_WHOLE_BYTES (1 << 20)	/* of a section that libelf reads as a whole: names of sections, notes */
#define OVERLAP_BYTES (1 << 20)		/* sections do not overlap; some tools nest small ones */

static bool read_at(int fd, __u64 at, void *to, size_t size)
{
	return at <= INT64_MAX - size && pread(fd, to, size, (off_t)at) == (ssize_t)size;
}

/* A program that runs here is a 64-bit one for this machine's order of bytes. Tables of other entries are not read. */
static bool check_header(const Elf64_Ehdr *head)
{
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) || head->e_ident[EI_CLASS] != ELFCLASS64 ||
	    head->e_ident[EI_DATA] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
		return false;
	if (head->e_phnum > MAX_SEGMENTS || (head->e_phnum && head->e_phentsize != sizeof(Elf64_Phdr)))
		return false;
	if (head->e_shoff && !head->e_shnum)	/* the first section tells how many there are, for more than 65,279 */
		return false;
	return head->e_shnum <= MAX_SECTIONS && (!head->e_shnum || head->e_shentsize == sizeof(Elf64_Shdr));
}

static bool check_segments(int fd, const Elf64_Ehdr *head)
{
	Elf64_Phdr p;
	int i;

	for (i = 0; i < head->e_phnum; i++)
		if (!read_at(fd, head->e_phoff + (__u64)i * sizeof(p), &p, sizeof(p)) ||
		    (p.p_type == PT_NOTE && p.p_filesz > MAX_WHOLE_BYTES))
			return false;
	return true;
}

static bool check_section(const Elf64_Ehdr *head, const Elf64_Shdr *sections, int i)
{
	return (sections[i].sh_type != SHT_NOTE && i != head->e_shstrndx) || sections[i].sh_size <= MAX_WHOLE_BYTES;
}

/* Tables that lie on one another let a small file be read again and again. */
static bool check_sections(int fd, const Elf64_Ehdr *head, __u64 file_bytes)
{
	size_t size = head->e_shnum * sizeof(Elf64_Shdr);
	Elf64_Shdr *sections = malloc(size + 1);
	bool good = sections && (!size || read_at(fd, head->e_shoff, sections, size));
	__u64 sum = 0;
	int i;

	for (i = 0; good && i < head->e_shnum; i++) {
		good = check_section(head, sections, i);
		if (sections[i].sh_type == SHT_NOBITS || sections[i].sh_type == SHT_NULL)
			continue;
		good = good && sections[i].sh_size <= file_bytes;
		sum += sections[i].sh_size;
		good = good && sum <= file_bytes + OVERLAP_BYTES;
	}
	free(sections);
	return good;
}

Elf *elf_open(int fd)
{
	Elf64_Ehdr head;
	struct stat st;
	Elf *elf;

	if (fd < 0 || fstat(fd, &st) || !read_at(fd, 0, &head, sizeof(head)) || !check_header(&head) || !check_segments(fd, &head) ||
	    !check_sections(fd, &head, (__u64)st.st_size))
		return NULL;
	elf_version(EV_CURRENT);
	/* Read, not mapped: the target may truncate the file at any time, which would raise SIGBUS. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	return NULL;
}
