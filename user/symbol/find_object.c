// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* find_object.c - finds data objects in an ELF file by their names. libelf checks each table before it returns it. */
#include <assert.h>
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "base/budget.h"
#include "symbol/find_object.h"
#include "symbol/native/elf_open.h"
#include "symbol/native/elf_symbols.h"

#define MAX_TABLE_BYTES (200000 * sizeof(Elf64_Sym))	/* an interpreter has fewer symbols; to read more takes too long */

static void set_object(struct elf_object *objects, size_t n, const char *name, const GElf_Sym *sym)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (objects[i].size || strcmp(objects[i].name, name))
			continue;
		objects[i].address = sym->st_value;
		objects[i].size = sym->st_size;
	}
}

static void search_tables(Elf *elf, GElf_Word type, struct elf_object *objects, size_t n)
{
	struct elf_symbols symbols = {.elf = elf};
	const char *name;
	GElf_Sym symbol;

	while (elf_symbols_next_table(&symbols, type, MAX_TABLE_BYTES)) {
		while (elf_symbols_next(&symbols, &symbol)) {
			name = GELF_ST_TYPE(symbol.st_info) == STT_OBJECT ? elf_symbols_name(&symbols, &symbol) : NULL;
			if (name)
				set_object(objects, n, name, &symbol);
		}
	}
}

static void search_section(Elf *elf, struct elf_object *object)
{
	Elf_Scn *section = NULL;
	const char *name;
	GElf_Shdr header;
	size_t names;

	if (!object->section || elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
		if (!name || strcmp(name, object->section))
			continue;
		object->address = header.sh_addr;
		object->size = header.sh_size;
	}
}

static void search_elf(Elf *elf, struct elf_object *objects, size_t n)
{
	search_tables(elf, SHT_DYNSYM, objects, n);
	if (!objects->size)
		search_tables(elf, SHT_SYMTAB, objects, n);
	if (!objects->size)
		search_section(elf, objects);
}

int find_objects(int fd, struct elf_object *objects, size_t n)
{
	struct budget_file budget = {0};
	Elf *elf;

	assert(n);
	if (!budget_begin(&budget))
		return -EAGAIN;
	elf = elf_open(fd);
	if (elf)
		search_elf(elf, objects, n);
	elf_end(elf);
	budget_end(&budget);
	return objects->size ? 0 : -ENOENT;
}
