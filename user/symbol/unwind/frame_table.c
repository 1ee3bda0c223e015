// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* frame_table.c - finds the call frame information of one function without reading all of it. */
#include <assert.h>
#include <dwarf.h>
#include <string.h>
#include <unistd.h>

#include "symbol/unwind/cfi.h"
#include "symbol/unwind/frame_table.h"

#define MAX_PIECE_BYTES 8192	/* a longer piece is ignored */
#define RANGE_AT 12		/* in a piece: behind its length, the distance to the common piece and the address of the code */

struct table_header {		/* of .eh_frame_hdr, as GNU ld, gold and lld write it */
	unsigned char version, frames_kind, count_kind, table_kind;
	__s32 frames;
	__u32 count;
};

struct table_entry {		/* both relative to the address of the table */
	__s32 code, piece;
};

/* A program that runs here is a 64-bit one for a little-endian machine. */
static const unsigned char ident[EI_NIDENT] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT};

static bool read_file_at(int fd, __u64 offset, void *to, size_t size)
{
	return offset <= INT64_MAX - size && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool read_table_header(struct frame_table *table, const GElf_Phdr *p)
{
	struct table_header header;

	if (p->p_filesz < sizeof(header) || !read_file_at(table->fd, p->p_offset, &header, sizeof(header)) ||
	    header.version != 1 || header.frames_kind != (DW_EH_PE_pcrel | DW_EH_PE_sdata4) ||
	    header.count_kind != DW_EH_PE_udata4 ||
	    header.table_kind != (DW_EH_PE_datarel | DW_EH_PE_sdata4) ||
	    header.count > (p->p_filesz - sizeof(header)) / sizeof(struct table_entry))
		return false;
	table->address = p->p_vaddr;
	table->entries = p->p_offset + sizeof(header);
	table->nr = header.count;
	return header.count > 0;
}

static bool segment_holds(const GElf_Phdr *p, __u64 address)
{
	return address >= p->p_vaddr && address - p->p_vaddr < p->p_filesz;
}

bool frame_table_open(struct frame_table *table, Elf *elf, int fd)
{
	GElf_Ehdr head;
	GElf_Phdr p;
	size_t i, nr;
	bool found = false;

	*table = (struct frame_table){.fd = fd};
	if (!gelf_getehdr(elf, &head) || memcmp(head.e_ident, ident, EI_OSABI) || head.e_machine != EM_X86_64 ||
	    elf_getphdrnum(elf, &nr))
		return false;
	for (i = 0; i < nr && !found; i++)
		found = gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_GNU_EH_FRAME;
	if (!found || !read_table_header(table, &p))
		return false;
	for (i = 0; i < nr && !table->size; i++) {
		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD || !segment_holds(&p, table->address))
			continue;
		table->segment = p.p_vaddr;
		table->offset = p.p_offset;
		table->size = p.p_filesz;
	}
	if (!table->size)
		table->nr = 0;
	return table->nr > 0;
}

static bool read_entry(const struct frame_table *table, __u64 i, struct table_entry *entry)
{
	return read_file_at(table->fd, table->entries + i * sizeof(*entry), entry, sizeof(*entry));
}

/* Address of the piece of the last function that begins at or before an address, and where that begins; 0: none. */
static __u64 find_piece(const struct frame_table *table, __u64 address, __u64 *start)
{
	__u64 low = 0, high = table->nr, piece = 0;
	struct table_entry entry;

	while (low < high) {
		__u64 middle = low + (high - low) / 2;

		if (!read_entry(table, middle, &entry))
			return 0;
		if (table->address + (__u64)(__s64)entry.code <= address) {
			piece = table->address + (__u64)(__s64)entry.piece;
			*start = table->address + (__u64)(__s64)entry.code;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return piece;
}

/* Returns the length of the piece, with its length word; 0: it is too long or not in the segment. */
static size_t read_piece(const struct frame_table *table, __u64 address, unsigned char *to)
{
	__u64 at = address - table->segment, left = at < table->size ? table->size - at : 0;
	__u32 length;

	if (left < sizeof(length) || !read_file_at(table->fd, table->offset + at, &length, sizeof(length)) ||
	    length < 2 * sizeof(length) || length > MAX_PIECE_BYTES - sizeof(length) || length > left - sizeof(length) ||
	    !read_file_at(table->fd, table->offset + at, to, sizeof(length) + length))
		return 0;
	return sizeof(length) + length;
}

struct unwind_rule frame_table_find(const struct frame_table *table, __u64 address)
{
	const struct unwind_rule none = {0};
	unsigned char own[MAX_PIECE_BYTES], common[MAX_PIECE_BYTES];
	__u64 start, at = find_piece(table, address, &start);
	struct cfi_piece own_piece = {own, at ? read_piece(table, at, own) : 0}, common_piece = {common, 0};
	__u32 back;

	assert(table->nr && table->size);
	if (!own_piece.size)
		return none;
	memcpy(&back, own + sizeof(back), sizeof(back));	/* distance from this word back to the common piece */
	common_piece.size = back ? read_piece(table, at + sizeof(back) - back, common) : 0;
	return common_piece.size ? cfi_rule(&common_piece, &own_piece, at, address) : none;
}

bool frame_table_range(const struct frame_table *table, __u64 address, __u64 *start, __u64 *end)
{
	unsigned char own[MAX_PIECE_BYTES];
	__u64 at = find_piece(table, address, start);
	size_t size = at ? read_piece(table, at, own) : 0;
	__u32 length;

	if (size < RANGE_AT + sizeof(length))
		return false;
	memcpy(&length, own + RANGE_AT, sizeof(length));
	*end = *start + length;
	return address < *end;
}
