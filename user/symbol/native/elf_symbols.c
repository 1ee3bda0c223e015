// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* elf_symbols.c - walks the symbol tables of an ELF file. */
#include <assert.h>

#include "base/budget.h"
#include "symbol/native/elf_symbols.h"

#define MAX_TABLES 8			/* a file has two */
#define MAX_NAME_BYTES (64UL << 20)

static bool is_readable_table(const GElf_Shdr *header, GElf_Word type, size_t max_bytes)
{
	if (header->sh_type != type && (type != SHT_NULL || (header->sh_type != SHT_SYMTAB && header->sh_type != SHT_DYNSYM)))
		return false;
	return header->sh_size <= max_bytes && header->sh_entsize && !(header->sh_flags & SHF_COMPRESSED);
}

/* libelf reads all of the names at the first one. */
static bool strings_are_readable(Elf *elf, size_t index, size_t max_bytes)
{
	size_t max = max_bytes < MAX_NAME_BYTES / 8 ? max_bytes * 8 : MAX_NAME_BYTES;
	Elf_Scn *strings = elf_getscn(elf, index);
	GElf_Shdr header;

	return strings && gelf_getshdr(strings, &header) && header.sh_size <= max && !(header.sh_flags & SHF_COMPRESSED);
}

bool elf_symbols_next_table(struct elf_symbols *symbols, GElf_Word type, size_t max_bytes)
{
	GElf_Shdr header;

	assert(type == SHT_SYMTAB || type == SHT_DYNSYM || type == SHT_NULL);
	while ((symbols->section = elf_nextscn(symbols->elf, symbols->section))) {
		if (!gelf_getshdr(symbols->section, &header) || !is_readable_table(&header, type, max_bytes))
			continue;
		if (symbols->tables++ == MAX_TABLES)
			return false;
		symbols->data = strings_are_readable(symbols->elf, header.sh_link, max_bytes) ? elf_getdata(symbols->section, NULL) : NULL;
		if (!symbols->data)
			continue;
		symbols->nr = symbols->data->d_size / header.sh_entsize;
		symbols->next = 0;
		symbols->strings = header.sh_link;
		return true;
	}
	return false;
}

bool elf_symbols_next(struct elf_symbols *symbols, GElf_Sym *symbol)
{
	assert(symbols->section);	/* a table was found */
	while (symbols->next < symbols->nr && !budget_is_over())
		if (gelf_getsym(symbols->data, (int)symbols->next++, symbol) && symbol->st_shndx != SHN_UNDEF)
			return true;
	return false;
}

const char *elf_symbols_name(const struct elf_symbols *symbols, const GElf_Sym *symbol)
{
	return elf_strptr(symbols->elf, symbols->strings, symbol->st_name);
}

bool elf_symbols_is_function(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC;
}
