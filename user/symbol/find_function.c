// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * find_function.c - finds a native function in a file that a process has mapped or could map.
 *
 * Symbols come from libelf, which checks a file's tables before it hands them out; the file belongs to
 * the target and may be hostile.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/proc.h"
#include "symbol/native/demangle.h"
#include "symbol/find_function.h"

struct base_search {
	pid_t pid;
	const char *base;
	int fd;
};

static bool open_if_named(void *ctx, const struct proc_mapping *map)
{
	struct base_search *search = ctx;
	const char *last = strrchr(map->path, '/');
	char path[PROC_LINE];

	if (!last || strcmp(last + 1, search->base))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/root%s", search->pid, map->path);
	search->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (search->fd < 0)
		search->fd = -errno;
	return search->fd < 0;
}

/* The file behind a base name such as libtorch_cpu.so, by the process's own maps. */
static int open_mapped(pid_t pid, const char *base)
{
	struct base_search search = {.pid = pid, .base = base, .fd = -ENOENT};

	proc_each_mapping(pid, open_if_named, &search);
	return search.fd;
}

static int open_binary(pid_t pid, const char *binary)
{
	char path[4300];
	int fd;

	if (!strchr(binary, '/'))
		return open_mapped(pid, binary);
	if (binary[0] != '/')
		snprintf(path, sizeof(path), "/proc/%d/cwd/%s", pid, binary);
	else
		snprintf(path, sizeof(path), "/proc/%d/root%s", pid, binary);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* "f", "ns::f" and "ns::f(int)" all name the function whose symbol demangles to "ns::f(int)", the first not. */
static bool name_matches(const char *symbol, const char *name)
{
	char *plain;
	size_t n = strlen(name);
	bool match;

	if (!strcmp(symbol, name))
		return true;
	if (strncmp(symbol, "_Z", 2))
		return false;
	plain = demangle(symbol);
	match = plain && !strncmp(plain, name, n) && (!plain[n] || plain[n] == '(');
	free(plain);
	return match;
}

struct search {
	const char *name;
	__u64 address;
	bool found, any;	/* any: the table names functions at all */
};

static void search_table(struct search *search, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t i, n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	for (i = 0; i < n && !search->found; i++) {
		const char *symbol;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    (GELF_ST_TYPE(sym.st_info) != STT_FUNC && GELF_ST_TYPE(sym.st_info) != STT_GNU_IFUNC))
			continue;
		symbol = elf_strptr(elf, header->sh_link, sym.st_name);
		search->any = true;
		/* A function's cold part is jumped to, not called. */
		if (!symbol || strstr(symbol, ".cold") || !name_matches(symbol, search->name))
			continue;
		search->found = true;
		search->address = sym.st_value;
	}
}

static int address_to_offset(Elf *elf, __u64 address, __u64 *offset)
{
	size_t i, n;

	if (elf_getphdrnum(elf, &n))
		return -ENOEXEC;
	for (i = 0; i < n; i++) {
		GElf_Phdr p;

		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD && address >= p.p_vaddr &&
		    address - p.p_vaddr < p.p_filesz) {
			*offset = address - p.p_vaddr + p.p_offset;
			return 0;
		}
	}
	return -ENOENT;
}

/* Opening a named pipe or a device is harmless with O_NONBLOCK; reading one is not. */
static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int find_in_elf(struct native_function *function, Elf *elf, const char *binary, const char *name)
{
	struct search search = {.name = name};
	Elf_Scn *section = NULL;

	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	while (!search.found && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			search_table(&search, elf, section, &header);
	}
	if (!search.any)
		return fail(-ENOENT, "--section: %s is stripped, it names no functions; use a build with symbols, or mark the section in the source", binary);
	if (!search.found)
		return fail(-ENOENT, "--section: %s has no function %s; `nm -C %s` lists those it has (inlined ones are not among them)",
			    binary, name, binary);
	if (address_to_offset(elf, search.address, &function->offset))
		return fail(-ENOEXEC, "--section: %s in %s has no place in the file", name, binary);
	return 0;
}

int native_function_find(struct native_function *function, pid_t pid, const char *binary, const char *name)
{
	Elf *elf;
	int err;

	function->fd = open_binary(pid, binary);
	if (function->fd < 0)
		return fail(function->fd, "--section: cannot open %s as process %d sees it: %s; give an absolute path, or the name of a file it has mapped",
			    binary, pid, strerror(-function->fd));
	if (!is_file(function->fd)) {
		close(function->fd);
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(function->fd, ELF_C_READ, NULL);
	err = find_in_elf(function, elf, binary, name);
	elf_end(elf);
	if (err)
		close(function->fd);
	return err;
}
