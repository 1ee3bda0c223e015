// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* symtab.c - the functions in a symbol table of an ELF file, by address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/budget.h"
#include "symbol/native/symtab.h"

#define MAX_TABLE_BYTES (64 << 20)	/* 2.8 million symbols */
#define MAX_FUNCTIONS (1 << 20)	/* with names; 16 MiB */
#define MAX_TABLES 8		/* of one type; a file has one */
#define PIECE_SYMBOLS 512
#define LOOK_BACK 16		/* entries before an address that are searched for one that holds it */
#define MAX_ALIASES 8

/* The list doubles, so that as much as it holds is reserved for it, and the copy while it grows. */
static bool add_entry(struct symtab *symtab, const Elf64_Sym *symbol)
{
	size_t room = symtab->room;

	if (symtab->nr == MAX_FUNCTIONS || !array_reserve(symtab->list, symtab->nr, symtab->room, 1))
		return false;
	if (symtab->room > room && !budget_reserve((symtab->room - room) * sizeof(*symtab->list))) {
		symtab->room = room;
		return false;
	}
	symtab->list[symtab->nr++] = (struct symtab_entry){
		.address = symbol->st_value,
		.size = symbol->st_size > UINT32_MAX ? UINT32_MAX : (__u32)symbol->st_size,
		.name = symbol->st_name,
	};
	return true;
}

static bool is_function(const Elf64_Sym *symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_size && symbol->st_shndx != SHN_UNDEF;
}

/* The table may take more memory than all that is kept of it, so it is read piece by piece. */
static void read_entries(struct symtab *symtab, int fd, __u64 at, __u64 size)
{
	Elf64_Sym piece[PIECE_SYMBOLS];
	size_t i, n;
	ssize_t got;

	for (; size >= sizeof(*piece); at += n * sizeof(*piece), size -= n * sizeof(*piece)) {
		got = pread(fd, piece, size < sizeof(piece) ? (size_t)size : sizeof(piece), (off_t)at);
		n = got > 0 ? (size_t)got / sizeof(*piece) : 0;
		if (!n || budget_is_over())
			return;
		for (i = 0; i < n; i++)
			if (is_function(&piece[i]) && !add_entry(symtab, &piece[i]))
				return;
	}
}

/* At the same address the larger entry comes last: the search goes backwards. */
static int by_address(const void *a, const void *b)
{
	const struct symtab_entry *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void shrink_and_sort(struct symtab *symtab)
{
	struct symtab_entry *list;

	if (!symtab->nr) {
		symtab_free(symtab);
		return;
	}
	list = realloc(symtab->list, symtab->nr * sizeof(*list));
	if (list) {
		budget_release((symtab->room - symtab->nr) * sizeof(*list));
		symtab->list = list;
		symtab->room = symtab->nr;
	}
	qsort(symtab->list, symtab->nr, sizeof(*symtab->list), by_address);
}

/* Names are read from the file by offset, so neither table may be compressed. */
static void read_table(struct symtab *symtab, Elf *elf, int fd, const GElf_Shdr *header)
{
	Elf_Scn *strings = elf_getscn(elf, header->sh_link);
	GElf_Shdr names;

	if (header->sh_size > MAX_TABLE_BYTES || header->sh_entsize != sizeof(Elf64_Sym) || header->sh_flags & SHF_COMPRESSED ||
	    header->sh_offset > INT64_MAX - MAX_TABLE_BYTES || !strings || !gelf_getshdr(strings, &names) ||
	    names.sh_type != SHT_STRTAB || names.sh_flags & SHF_COMPRESSED)
		return;
	symtab->names = names.sh_offset;
	symtab->names_bytes = names.sh_size;
	read_entries(symtab, fd, header->sh_offset, header->sh_size);
	shrink_and_sort(symtab);
}

void symtab_read(struct symtab *symtab, Elf *elf, int fd, __u32 type)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int tables = 0;

	*symtab = (struct symtab){};
	while (!symtab->nr && tables < MAX_TABLES && (section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		tables++;
		read_table(symtab, elf, fd, &header);
	}
}

/* Index of the last entry that begins at or before an address; nr: none. */
static size_t find_last_before(const struct symtab *symtab, __u64 address)
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
	size_t i = find_last_before(symtab, address), searched;

	for (searched = 0; i < symtab->nr && searched < LOOK_BACK; searched++, i--) {
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

	/* A name that is longer than the buffer or has no end in the table is ignored. */
	return n > 0 && name[0] && memchr(name, 0, (size_t)n);
}

static size_t leading_underscores(const char *name)
{
	return strspn(name, "_");
}

/* If an address has several names, prefers the one with the fewest leading underscores: read over __libc_read. */
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
		if (!found || leading_underscores(other) < leading_underscores(name))
			memcpy(name, other, strlen(other) + 1);
		found = true;
	}
	return found;
}

void symtab_free(struct symtab *symtab)
{
	budget_release(symtab->room * sizeof(*symtab->list));
	free(symtab->list);
	*symtab = (struct symtab){};
}
