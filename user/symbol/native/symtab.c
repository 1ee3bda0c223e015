// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symtab.c - the functions that the symbol table of an ELF file names. libelf checks its tables before it hands them out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/native/symtab.h"

#define MAX_BYTES (64 << 20)	/* of a table, a million and a half of symbols */
#define LOOK_BACK 16		/* entries before an address that may reach over it */
#define MAX_ALIASES 8

static bool is_function(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && sym->st_shndx != SHN_UNDEF && sym->st_size;
}

static void read_entries(struct symtab *symtab, Elf_Data *data, size_t nr)
{
	size_t i;

	symtab->list = malloc(nr * sizeof(*symtab->list));
	for (i = 0; symtab->list && i < nr; i++) {
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || !is_function(&sym))
			continue;
		symtab->list[symtab->nr++] = (struct symtab_entry){
			.address = sym.st_value,
			.size = sym.st_size > UINT32_MAX ? UINT32_MAX : (__u32)sym.st_size,
			.name = sym.st_name,
		};
	}
}

/* At the same address the larger one last, for it is met first. */
static int by_address(const void *a, const void *b)
{
	const struct symtab_entry *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void shrink(struct symtab *symtab)
{
	struct symtab_entry *list;

	if (!symtab->nr) {
		symtab_free(symtab);
		return;
	}
	list = realloc(symtab->list, symtab->nr * sizeof(*list));
	symtab->list = list ? list : symtab->list;
	qsort(symtab->list, symtab->nr, sizeof(*symtab->list), by_address);
}

static void read_section(struct symtab *symtab, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Scn *strings = elf_getscn(elf, header->sh_link);
	GElf_Shdr names;
	Elf_Data *data;

	if (header->sh_size > MAX_BYTES || !header->sh_entsize || header->sh_flags & SHF_COMPRESSED || !strings ||
	    !gelf_getshdr(strings, &names) || names.sh_type != SHT_STRTAB || names.sh_flags & SHF_COMPRESSED)
		return;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_size)
		return;
	symtab->names = names.sh_offset;
	symtab->names_bytes = names.sh_size;
	read_entries(symtab, data, data->d_size / header->sh_entsize);
	shrink(symtab);
}

void symtab_read(struct symtab *symtab, Elf *elf, __u32 type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	*symtab = (struct symtab){};
	while (!symtab->nr && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == type)
			read_section(symtab, elf, section, &header);
}

/* The last entry at or before an address; nr if there is none. */
static size_t last_before(const struct symtab *symtab, __u64 address)
{
	size_t low = 0, high = symtab->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symtab->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : symtab->nr;
}

static const struct symtab_entry *entry_at(const struct symtab *symtab, __u64 address)
{
	size_t i = last_before(symtab, address), looked;

	for (looked = 0; i < symtab->nr && looked < LOOK_BACK; looked++, i--) {
		const struct symtab_entry *entry = &symtab->list[i];

		if (address - entry->address < entry->size)
			return entry;
	}
	return NULL;
}

static bool read_name(const struct symtab *symtab, int fd, const struct symtab_entry *entry, char name[SYMTAB_NAME_BYTES])
{
	__u64 left = entry->name < symtab->names_bytes ? symtab->names_bytes - entry->name : 0;
	size_t want = left < SYMTAB_NAME_BYTES ? (size_t)left : SYMTAB_NAME_BYTES;
	ssize_t n = want ? pread(fd, name, want, (off_t)(symtab->names + entry->name)) : 0;

	/* Longer than the buffer, or not ended within the table: no name. */
	return n > 0 && name[0] && memchr(name, 0, (size_t)n);
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of several names for the same code, the one that people write: read rather than __libc_read. */
bool symtab_find(const struct symtab *symtab, int fd, __u64 address, char name[SYMTAB_NAME_BYTES])
{
	const struct symtab_entry *entry = entry_at(symtab, address), *first = entry;
	const struct symtab_entry *end = entry ? symtab->list + symtab->nr : NULL;
	char other[SYMTAB_NAME_BYTES];
	bool found = false;

	while (entry && entry > symtab->list && first - entry < MAX_ALIASES && entry[-1].address == first->address)
		entry--;
	for (first = entry; entry && entry < end && entry->address == first->address && entry - first < MAX_ALIASES; entry++) {
		if (address - entry->address >= entry->size || !read_name(symtab, fd, entry, other))
			continue;
		if (!found || underscores(other) < underscores(name))
			memcpy(name, other, strlen(other) + 1);
		found = true;
	}
	return found;
}

void symtab_free(struct symtab *symtab)
{
	free(symtab->list);
	*symtab = (struct symtab){};
}
