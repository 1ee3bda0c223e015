// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* copy.c - copies a file into memory, so that whoever reads the copy never waits for a server. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/array.h"
#include "base/elf_file.h"
#include "base/files/copy.h"

#define MAX_FILE_BYTES (32ULL << 20)
#define MAX_ALL_BYTES (128ULL << 20)	/* copied by this process in total */
#define MAX_HEAD_BYTES (64ULL << 10)
#define MAX_NOTE_BYTES (64ULL << 10)
#define MAX_SECTIONS 4096
#define MAX_COPIES 512

struct copying {
	int from, to;
	__u64 left;		/* bytes that may still be copied */
	__u64 copied;
	int err;
};

static void copy_range(struct copying *copying, __u64 at, __u64 size)
{
	off_t from = (off_t)at;

	if (size > copying->left)
		size = copying->left;
	if (copying->err || at > INT64_MAX - size || lseek(copying->to, from, SEEK_SET) != from)
		return;
	while (size) {
		ssize_t n = sendfile(copying->to, copying->from, &from, size);

		if (n < 0)
			copying->err = -errno;
		if (n <= 0)
			return;
		size -= (__u64)n;
		copying->left -= (__u64)n;
		copying->copied += (__u64)n;
	}
}

static void copy_notes(struct copying *copying)
{
	struct elf_file elf;
	int i;

	if (elf_file_open(&elf, copying->to))
		return;
	for (i = 0; i < elf.nr_phdrs; i++)
		if (elf.phdrs[i].p_type == PT_NOTE && elf.phdrs[i].p_offset > MAX_HEAD_BYTES - MAX_NOTE_BYTES)
			copy_range(copying, elf.phdrs[i].p_offset,
				   elf.phdrs[i].p_filesz < MAX_NOTE_BYTES ? elf.phdrs[i].p_filesz : MAX_NOTE_BYTES);
}

/* ---- sections ---- */

static const char *name_of(const Elf64_Shdr *section, const char *names, size_t size)
{
	return section->sh_name < size ? names + section->sh_name : "";
}

/* From the most useful on. SHT_NULL: not copied. */
static int rank_section(const Elf64_Shdr *section, const char *name)
{
	if (section->sh_type == SHT_NOBITS || section->sh_type == SHT_NULL)
		return -1;
	if (section->sh_type == SHT_NOTE || !strcmp(name, ".gnu_debuglink") || !strcmp(name, ".gnu_debugaltlink") ||
	    !strcmp(name, ".shstrtab"))
		return 0;
	if (section->sh_type == SHT_DYNSYM || !strcmp(name, ".dynstr"))
		return 1;
	if (!strncmp(name, ".eh_frame", 9))
		return 2;
	if (section->sh_type == SHT_SYMTAB || !strcmp(name, ".strtab"))
		return 3;
	return strncmp(name, ".debug", 6) ? -1 : 4;
}

static void copy_ranks(struct copying *copying, const Elf64_Shdr *sections, size_t nr, const char *names, size_t size)
{
	size_t i;
	int rank;

	for (rank = 0; rank <= 4; rank++)
		for (i = 0; i < nr; i++)
			if (rank_section(&sections[i], name_of(&sections[i], names, size)) == rank)
				copy_range(copying, sections[i].sh_offset, sections[i].sh_size);
}

static void copy_sections(struct copying *copying)
{
	static char names[65536];
	Elf64_Shdr *sections;
	Elf64_Ehdr head;
	ssize_t n = 0;

	if (pread(copying->to, &head, sizeof(head), 0) != sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
	    head.e_shentsize != sizeof(*sections) || !head.e_shnum || head.e_shnum > MAX_SECTIONS || head.e_shstrndx >= head.e_shnum)
		return;
	copy_range(copying, head.e_shoff, head.e_shnum * sizeof(*sections));
	sections = calloc(head.e_shnum, sizeof(*sections));
	if (sections && pread(copying->to, sections, head.e_shnum * sizeof(*sections), (off_t)head.e_shoff) > 0)
		n = pread(copying->from, names, sizeof(names) - 1, (off_t)sections[head.e_shstrndx].sh_offset);
	names[n > 0 ? n : 0] = 0;
	if (n > 0)
		copy_ranks(copying, sections, head.e_shnum, names, (size_t)n);
	free(sections);
}

/* ---- one file ---- */

static __u64 copied_in_total;

static void copy_file(struct copying *copying, const struct stat *st, bool head)
{
	__u64 size = (__u64)st->st_size;

	if (!head && size <= MAX_FILE_BYTES) {
		copy_range(copying, 0, size);
		return;
	}
	copy_range(copying, 0, size < MAX_HEAD_BYTES ? size : MAX_HEAD_BYTES);
	copy_notes(copying);
	if (!head)
		copy_sections(copying);
}

static int make_copy(int fd, const struct stat *st, bool head)
{
	struct copying copying = {.from = fd, .to = memfd_create("copy", MFD_CLOEXEC), .left = MAX_FILE_BYTES};

	if (copying.to < 0)
		return -errno;
	if (copying.left > MAX_ALL_BYTES - copied_in_total)
		copying.err = -EDQUOT;
	else if (ftruncate(copying.to, st->st_size))
		copying.err = -errno;
	copy_file(&copying, st, head);
	copied_in_total += copying.copied;
	if (!copying.err)
		return copying.to;
	close(copying.to);
	return copying.err;
}

/* ---- all files ---- */

static struct known_copy {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
	off_t size;
	bool head;
	int fd;
} copies[MAX_COPIES];
static size_t nr_copies;

static bool is_copy_of(const struct known_copy *copy, const struct stat *st, bool head)
{
	return copy->ino == st->st_ino && copy->dev == st->st_dev && copy->size == st->st_size && copy->head == head &&
	       copy->changed.tv_sec == st->st_ctim.tv_sec && copy->changed.tv_nsec == st->st_ctim.tv_nsec;
}

int copy_open(int fd, const struct stat *st, bool head)
{
	int copy, kept;
	size_t i;

	for (i = 0; i < nr_copies && !is_copy_of(&copies[i], st, head); i++)
		;
	if (i < nr_copies) {
		close(fd);
		copy = fcntl(copies[i].fd, F_DUPFD_CLOEXEC, 0);
		return copy < 0 ? -errno : copy;
	}
	copy = make_copy(fd, st, head);
	close(fd);
	kept = copy >= 0 && nr_copies < MAX_COPIES ? fcntl(copy, F_DUPFD_CLOEXEC, 0) : -1;
	if (kept >= 0)
		copies[nr_copies++] = (struct known_copy){st->st_dev, st->st_ino, st->st_ctim, st->st_size, head, kept};
	return copy;
}

int copy_touch(int fd)
{
	char byte;

	if (pread(fd, &byte, 1, 0) >= 0)
		return fd;
	close(fd);
	return -EIO;
}
