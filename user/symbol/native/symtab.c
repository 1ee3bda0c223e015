// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symtab.c - the functions that the symbol table of an ELF file names. libelf checks its tables before it hands them out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbol/native/elf_symbols.h"
#include "symbol/native/symtab.h"

#define MAX_BYTES (64 << 20)	/* of a table, a million and a half of symbols */
#define LOOK_BACK 16		/* entries before an address that may reach over it */
#define MAX_ALIASES 8

static void read_entries(struct symtab *symtab, struct elf_symbols *symbols)
{
	GElf_Sym symbol;

	symtab->list = malloc(symbols->nr * sizeof(*symtab->list));
	while (symtab->list && elf_symbols_next(symbols, &symbol)) {
		if (!elf_symbols_is_function(&symbol) || !symbol.st_size)
			continue;
		symtab->list[symtab->nr++] = (struct symtab_entry){
			.address = symbol.st_value,
			.size = symbol.st_size > UINT32_MAX ? UINT32_MAX : (__u32)symbol.st_size,
			.name = symbol.st_name,
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

/* Names are read from the file, so their section must lie there as it is. */
static void read_table(struct symtab *symtab, struct elf_symbols *symbols)
{
	Elf_Scn *strings = elf_getscn(symbols->elf, symbols->strings);
	GElf_Shdr names;

	if (!symbols->nr || !strings || !gelf_getshdr(strings, &names) || names.sh_type != SHT_STRTAB || names.sh_flags & SHF_COMPRESSED)
		return;
	symtab->names = names.sh_offset;
	symtab->names_bytes = names.sh_size;
	read_entries(symtab, symbols);
	shrink(symtab);
}

void symtab_read(struct symtab *symtab, Elf *elf, __u32 type)
{
	struct elf_symbols symbols = {.elf = elf};

	*symtab = (struct symtab){};
	while (!symtab->nr && elf_symbols_next_table(&symbols, type, MAX_BYTES))
		read_table(symtab, &symbols);
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
