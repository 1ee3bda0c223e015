// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* find_object.c - finds data objects in an ELF file by their names. libelf checks the file's tables before it hands them out. */
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "symbol/find_object.h"

#define MAX_SYMBOLS 200000	/* a table with more is no interpreter's and takes too long to read */

static void take_symbol(struct elf_object *objects, size_t n, const char *name, const GElf_Sym *sym)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (objects[i].size || strcmp(objects[i].name, name))
			continue;
		objects[i].address = sym->st_value;
		objects[i].size = sym->st_size;
	}
}

static void look_through(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct elf_object *objects, size_t n)
{
	Elf_Data *data = header->sh_size / sizeof(Elf64_Sym) <= MAX_SYMBOLS ? elf_getdata(section, NULL) : NULL;
	size_t i, symbols = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	for (i = 0; i < symbols; i++) {
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || GELF_ST_TYPE(sym.st_info) != STT_OBJECT)
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (name)
			take_symbol(objects, n, name, &sym);
	}
}

static void look_in_tables(Elf *elf, GElf_Word type, struct elf_object *objects, size_t n)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == type)
			look_through(elf, section, &header, objects, n);
}

static void look_for_section(Elf *elf, struct elf_object *object)
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

int find_objects(int fd, struct elf_object *objects, size_t n)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		goto out;
	look_in_tables(elf, SHT_DYNSYM, objects, n);
	if (!objects->size)
		look_in_tables(elf, SHT_SYMTAB, objects, n);
	if (!objects->size)
		look_for_section(elf, objects);
out:
	elf_end(elf);
	return objects->size ? 0 : -ENOENT;
}
