// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ifunc_slots.c - the words in a process's memory that hold the address of the function which an IFUNC has chosen. */
#include <stdbool.h>
#include <string.h>

#include "base/budget.h"
#include "symbol/search/ifunc_slots.h"

#define MAX_TABLE_BYTES (64UL << 20)

/* The symbols that a table of relocations refers to. */
struct symbol_source {
	Elf *elf;
	Elf_Data *symbols;
	size_t strings;
};

static void open_symbols(struct symbol_source *source, Elf *elf, size_t index)
{
	Elf_Scn *section = index ? elf_getscn(elf, index) : NULL;
	GElf_Shdr header;

	*source = (struct symbol_source){.elf = elf};
	if (!section || !gelf_getshdr(section, &header) || header.sh_size > MAX_TABLE_BYTES)
		return;
	source->symbols = elf_getdata(section, NULL);
	source->strings = header.sh_link;
}

/* In the file that defines the IFUNC its symbol has the address; in others it has the name. */
static bool is_symbol(const struct ifunc_slots *slots, const struct symbol_source *source, size_t index)
{
	const char *name;
	GElf_Sym symbol;

	if (!source->symbols || !gelf_getsym(source->symbols, (int)index, &symbol))
		return false;
	if (symbol.st_shndx != SHN_UNDEF)
		return slots->resolver && symbol.st_value == slots->resolver;
	name = elf_strptr(source->elf, source->strings, symbol.st_name);
	return name && !strcmp(name, slots->name);
}

static bool is_slot(const struct ifunc_slots *slots, const struct symbol_source *source, const GElf_Rela *rela)
{
	switch (GELF_R_TYPE(rela->r_info)) {
	case R_X86_64_IRELATIVE:
		return slots->resolver && (__u64)rela->r_addend == slots->resolver;
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
	case R_X86_64_64:
		return !rela->r_addend && is_symbol(slots, source, GELF_R_SYM(rela->r_info));
	}
	return false;
}

static void search_table(struct ifunc_slots *slots, Elf_Scn *section, const GElf_Shdr *header, const struct symbol_source *source)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t i, nr = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	GElf_Rela rela;

	for (i = 0; i < nr && slots->nr < IFUNC_SLOTS && !budget_is_over(); i++)
		if (gelf_getrela(data, (int)i, &rela) && is_slot(slots, source, &rela))
			slots->slots[slots->nr++] = rela.r_offset;
}

void ifunc_slots_find(struct ifunc_slots *slots, Elf *elf)
{
	struct symbol_source source;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	slots->nr = 0;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA || header.sh_size > MAX_TABLE_BYTES)
			continue;
		open_symbols(&source, elf, header.sh_link);
		search_table(slots, section, &header, &source);
	}
}
