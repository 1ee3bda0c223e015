// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* jit_objects.c - see jit_objects.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/elf_file.h"
#include "symbol/native/demangle.h"
#include "symbol/native/elf_open.h"
#include "symbol/native/elf_symbols.h"
#include "symbol/native/jit_objects.h"

#define DESCRIPTOR "__jit_debug_descriptor"
#define VERSION 1
#define MAX_OBJECTS 4096
#define MAX_OBJECT_BYTES (1 << 20)
#define MAX_TABLE_BYTES (16 << 20)	/* symbols of the file that has the head of the list */
#define MAX_NAMES_BYTES (8 << 20)
#define MAX_NAME 1024
#define INTERVAL_NS 1000000000ULL	/* between two looks at the list */

/* The layouts of the JIT interface of GDB, for 64-bit programs. */
struct descriptor {
	__u32 version, action;
	__u64 relevant, first;
};

struct code_entry {
	__u64 next, previous, object, size;
};

/* ---- the head of the list ---- */

/* The library that compiles has it, or the program itself. Other files are not searched: they may be many and large. */
static bool may_compile(const struct memory_mapping *mapping)
{
	static const char *const parts[] = {"llvm", "LLVM", "numba", "julia", "mono"};
	const char *file = mapping->path ? strrchr(mapping->path, '/') : NULL;
	size_t i;

	if (mapping->kind != MAPPED_FILE || !file)
		return false;
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(file, parts[i]))
			return true;
	return !strstr(file, ".so");
}

static __u64 find_descriptor_symbol(Elf *elf)
{
	struct elf_symbols symbols = {.elf = elf};
	const char *name;
	GElf_Sym symbol;

	while (elf_symbols_next_table(&symbols, SHT_NULL, MAX_TABLE_BYTES))
		while (elf_symbols_next(&symbols, &symbol)) {
			name = elf_symbols_name(&symbols, &symbol);
			if (name && !strcmp(name, DESCRIPTOR))
				return symbol.st_value;
		}
	return 0;
}

static __u64 find_descriptor_in(struct jit_objects *jit, const struct memory_mapping *mapping, int fd)
{
	struct elf_file file;
	__u64 value = 0, bias;
	Elf *elf;

	if (elf_file_open(&file, fd) || elf_file_bias(&file, mapping->start, mapping->offset, &bias) || !budget_begin(&jit->budget))
		return 0;
	elf = elf_open(fd);
	if (elf)
		value = find_descriptor_symbol(elf);
	elf_end(elf);
	budget_end(&jit->budget);
	return value ? value + bias : 0;
}

static void find_descriptor(struct jit_objects *jit, const struct memory_map *map, pid_t pid)
{
	size_t i;
	int fd;

	for (i = 0; i < map->nr && !jit->descriptor; i++) {
		if (!may_compile(&map->list[i]))
			continue;
		fd = memory_map_open(pid, &map->list[i]);
		if (fd < 0)
			continue;
		jit->descriptor = find_descriptor_in(jit, &map->list[i], fd);
		close(fd);
	}
}

/* ---- one object ---- */

/* The part of the name after MAX_NAME bytes is left out. Returns false if there is no room. */
static bool add_name(struct jit_objects *jit, const char *name, __u64 *at)
{
	char *plain = demangle(name);
	size_t len = strnlen(plain ? plain : name, MAX_NAME);
	bool room = jit->names_used + len < MAX_NAMES_BYTES && array_reserve(jit->names, jit->names_used, jit->names_room, len + 1);

	*at = jit->names_used;
	if (room) {
		memcpy(jit->names + jit->names_used, plain ? plain : name, len);
		jit->names[jit->names_used + len] = 0;
		jit->names_used += len + 1;
	}
	free(plain);
	return room;
}

/* The value of a symbol is an offset in its section, whose header has the address at which the code is. */
static __u64 address_of(Elf *elf, const GElf_Sym *symbol)
{
	GElf_Ehdr head;
	GElf_Shdr section;

	if (!gelf_getehdr(elf, &head))
		return 0;
	if (head.e_type != ET_REL)
		return symbol->st_value;
	if (!gelf_getshdr(elf_getscn(elf, symbol->st_shndx), &section) || !section.sh_addr)
		return 0;
	return section.sh_addr + symbol->st_value;
}

static bool add_function(struct jit_objects *jit, Elf *elf, const struct elf_symbols *symbols, const GElf_Sym *symbol)
{
	const char *name = elf_symbols_name(symbols, symbol);
	__u64 start = address_of(elf, symbol), at;

	if (!elf_symbols_is_function(symbol) || !name || !*name || !start || start + symbol->st_size < start)
		return true;
	return add_name(jit, name, &at) && ranges_add(&jit->ranges, start, start + symbol->st_size, at);
}

static bool add_functions(struct jit_objects *jit, Elf *elf)
{
	struct elf_symbols symbols = {.elf = elf};
	GElf_Sym symbol;

	while (elf_symbols_next_table(&symbols, SHT_SYMTAB, MAX_OBJECT_BYTES))
		while (elf_symbols_next(&symbols, &symbol))
			if (!add_function(jit, elf, &symbols, &symbol))
				return false;
	return !budget_is_over();
}

/* The object is copied, as the process may change it at any time. Returns false if some of it was left out. */
static bool add_object(struct jit_objects *jit, const struct target_memory *memory, const struct code_entry *entry)
{
	bool whole = entry->size <= MAX_OBJECT_BYTES;
	char *bytes = whole ? malloc(entry->size + 1) : NULL;
	int fd = bytes ? memfd_create("object", MFD_CLOEXEC) : -1;
	Elf *elf = NULL;

	if (fd >= 0 && !target_memory_read(memory, entry->object, bytes, entry->size) &&
	    pwrite(fd, bytes, entry->size, 0) == (ssize_t)entry->size)
		elf = elf_open(fd);
	if (elf)
		whole = add_functions(jit, elf);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	free(bytes);
	return whole;
}

/* ---- the list ---- */

/* The entry that was registered last is the first one. Entries up to the one that was the first before are new. */
static void read_new_objects(struct jit_objects *jit, const struct target_memory *memory, __u64 first)
{
	struct code_entry entry;
	__u64 at;

	for (at = first; at && at != jit->newest; at = entry.next) {
		if (jit->nr == MAX_OBJECTS || budget_is_over_now()) {
			jit->cut = true;
			break;
		}
		if (target_memory_read(memory, at, &entry, sizeof(entry)))
			break;
		jit->nr++;
		if (!add_object(jit, memory, &entry))
			jit->cut = true;
	}
	jit->newest = first;
	ranges_sort(&jit->ranges);
}

/* The process has executed another image, or has unloaded the compiler. */
static void forget_image(struct jit_objects *jit)
{
	jit_objects_free(jit);
	jit->descriptor = jit->newest = 0;
	jit->nr = jit->names_used = jit->names_room = 0;
}

static void look_for_new_objects(struct jit_objects *jit, const struct target_memory *memory, const struct memory_map *map, pid_t pid)
{
	__u64 now = clock_now_ns();
	struct descriptor head;

	if (jit->checked_ns && now - jit->checked_ns < INTERVAL_NS)
		return;
	jit->checked_ns = now;
	if (!jit->descriptor)
		find_descriptor(jit, map, pid);
	if (!jit->descriptor)
		return;
	if (target_memory_read(memory, jit->descriptor, &head, sizeof(head)) || head.version != VERSION) {
		forget_image(jit);
		return;
	}
	if (head.first == jit->newest || !budget_begin(&jit->budget))
		return;
	read_new_objects(jit, memory, head.first);
	budget_end(&jit->budget);
}

const char *jit_objects_find(struct jit_objects *jit, const struct target_memory *memory, const struct memory_map *map, pid_t pid,
			     __u64 address)
{
	const struct range *range;

	look_for_new_objects(jit, memory, map, pid);
	range = ranges_find(&jit->ranges, address);
	return range ? jit->names + range->value : NULL;
}

void jit_objects_free(struct jit_objects *jit)
{
	ranges_free(&jit->ranges);
	free(jit->names);
	jit->names = NULL;
}
