// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * find_function.c - finds a native function in a file that a process has mapped or could map.
 *
 * The file belongs to the target and may be hostile. libelf checks each table before it returns it.
 */
#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"
#include "base/error.h"
#include "base/proc.h"
#include "base/target_file.h"
#include "symbol/find_function.h"
#include "symbol/native/demangle.h"
#include "symbol/native/elf_open.h"
#include "symbol/native/elf_symbols.h"

struct mapped_file_search {
	pid_t pid;
	const char *base;
	int (*open)(pid_t pid, const char *path);
	int fd;			/* -errno: not found, or not to be opened */
};

static bool open_if_named(void *ctx, const struct proc_mapping *mapping)
{
	struct mapped_file_search *search = ctx;
	const char *last = strrchr(mapping->path, '/');

	if (!last || strcmp(last + 1, search->base))
		return true;
	search->fd = search->open(search->pid, mapping->path);
	return search->fd < 0;
}

/* A base name, such as libtorch_cpu.so, is that of a file among those that the process has mapped. */
static int open_binary(pid_t pid, const char *binary, int (*open)(pid_t pid, const char *path))
{
	struct mapped_file_search search = {.pid = pid, .base = binary, .open = open, .fd = -ENOENT};

	if (strchr(binary, '/'))
		return open(pid, binary);
	proc_each_mapping(pid, open_if_named, &search);
	return search.fd;
}

int find_function_open(pid_t pid, const char *binary)
{
	return open_binary(pid, binary, target_file_open_named_probe);
}

/* "ns::f" and "ns::f(int)" name the function whose symbol demangles to "ns::f(int)"; "f" does not. */
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

struct function_search {
	const char *name;
	__u64 address, size;
	bool found, any;	/* any: the file has symbols of functions */
};

/* A function's cold part is jumped to, not called. */
static bool is_wanted_symbol(const struct function_search *search, const char *symbol)
{
	return symbol && !strstr(symbol, ".cold") && name_matches(symbol, search->name);
}

static void search_functions(struct function_search *search, Elf *elf)
{
	struct elf_symbols symbols = {.elf = elf};
	GElf_Sym symbol;

	while (elf_symbols_next_table(&symbols, SHT_NULL, SIZE_MAX)) {
		while (elf_symbols_next(&symbols, &symbol)) {
			if (!elf_symbols_is_function(&symbol))
				continue;
			search->any = true;
			search->found = is_wanted_symbol(search, elf_symbols_name(&symbols, &symbol));
			search->address = symbol.st_value;
			search->size = symbol.st_size;
			if (search->found)
				return;
		}
	}
}

/* Returns false if the file holds no bytes for the address. */
static bool find_offset(int fd, __u64 address, __u64 *offset)
{
	struct elf_file file;

	return !elf_file_open(&file, fd) && !elf_file_offset(&file, address, offset);
}

static int find_in_elf(struct found_function *function, Elf *elf, const char *binary, const char *name)
{
	struct function_search search = {.name = name};

	if (!elf)
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	search_functions(&search, elf);
	if (!search.any)
		return fail(-ENOENT, "--section: %s is stripped of the symbols of functions; use a build with symbols, "
			    "or mark the section in the source", binary);
	if (!search.found)
		return fail(-ENOENT, "--section: %s has no function %s; `nm -C %s` lists its functions, without inlined ones",
			    binary, name, binary);
	function->address = search.address;
	function->size = search.size;
	if (!find_offset(function->fd, search.address, &function->offset))
		return fail(-ENOEXEC, "--section: %s has no code in the file %s", name, binary);
	return 0;
}

int find_function(struct found_function *function, pid_t pid, const char *binary, const char *name)
{
	Elf *elf;
	int err;

	function->fd = open_binary(pid, binary, target_file_open_named);
	if (function->fd == -ENOEXEC)
		return fail(-ENOEXEC, "--section: %s is not an ELF program or library", binary);
	if (function->fd < 0)
		return fail(function->fd, "--section: cannot open %s as process %d sees it: %s; "
			    "give an absolute path, or the name of a file it has mapped", binary, pid, strerror(-function->fd));
	elf = elf_open(function->fd);
	err = find_in_elf(function, elf, binary, name);
	elf_end(elf);
	if (err)
		close(function->fd);
	return err;
}
