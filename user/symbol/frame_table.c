// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* frame_table.c - what the compiler has noted for exceptions of one function. */
#include <dwarf.h>
#include <string.h>
#include <unistd.h>

#include "symbol/frame_table.h"

#define PIECE_BYTES 8192	/* of what belongs to one function; a longer one is not read */
#define NAMES "\0.eh_frame\0.shstrtab"

struct header {			/* .eh_frame_hdr, as GNU ld, gold and lld write it */
	unsigned char version, frames_kind, count_kind, table_kind;
	__s32 frames;
	__u32 count;
};

struct entry {			/* both from the table's address */
	__s32 code, piece;
};

/* A file of nothing but the two pieces, for libdw. */
struct small_file {
	Elf64_Ehdr head;
	Elf64_Shdr sections[3];
	char names[sizeof(NAMES)] __attribute__((aligned(8)));
	unsigned char frames[2 * PIECE_BYTES + 8] __attribute__((aligned(8)));	/* and an end */
};

static bool read_at(int fd, __u64 offset, void *to, size_t size)
{
	return offset <= INT64_MAX - size && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool open_header(struct frame_table *table, const GElf_Phdr *p)
{
	struct header header;

	if (p->p_filesz < sizeof(header) || !read_at(table->fd, p->p_offset, &header, sizeof(header)) || header.version != 1 ||
	    header.frames_kind != (DW_EH_PE_pcrel | DW_EH_PE_sdata4) || header.count_kind != DW_EH_PE_udata4 ||
	    header.table_kind != (DW_EH_PE_datarel | DW_EH_PE_sdata4) ||
	    header.count > (p->p_filesz - sizeof(header)) / sizeof(struct entry))
		return false;
	table->address = p->p_vaddr;
	table->entries = p->p_offset + sizeof(header);
	table->nr = header.count;
	return header.count > 0;
}

static bool is_in(const GElf_Phdr *p, __u64 address)
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
	if (!gelf_getehdr(elf, &head) || head.e_ident[EI_CLASS] != ELFCLASS64 || elf_getphdrnum(elf, &nr))
		return false;
	memcpy(table->head, head.e_ident, sizeof(table->head));
	table->machine = head.e_machine;
	for (i = 0; i < nr && !found; i++)
		found = gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_GNU_EH_FRAME;
	if (!found || !open_header(table, &p))
		return false;
	for (i = 0; i < nr && !table->size; i++) {
		if (!gelf_getphdr(elf, (int)i, &p) || p.p_type != PT_LOAD || !is_in(&p, table->address))
			continue;
		table->segment = p.p_vaddr;
		table->offset = p.p_offset;
		table->size = p.p_filesz;
	}
	if (!table->size)
		table->nr = 0;
	return table->nr > 0;
}

static bool entry_at(const struct frame_table *table, __u64 i, struct entry *entry)
{
	return read_at(table->fd, table->entries + i * sizeof(*entry), entry, sizeof(*entry));
}

/* Where the piece is that begins last before an address; 0: there is none. */
static __u64 piece_of(const struct frame_table *table, __u64 address)
{
	__u64 low = 0, high = table->nr, piece = 0;
	struct entry entry;

	while (low < high) {
		__u64 middle = low + (high - low) / 2;

		if (!entry_at(table, middle, &entry))
			return 0;
		if (table->address + (__u64)(__s64)entry.code <= address) {
			piece = table->address + (__u64)(__s64)entry.piece;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return piece;
}

/* Its length with the word that tells it; 0: it is too long, or not there. */
static size_t read_piece(const struct frame_table *table, __u64 address, unsigned char *to)
{
	__u64 at = address - table->segment, left = at < table->size ? table->size - at : 0;
	__u32 length;

	if (left < sizeof(length) || !read_at(table->fd, table->offset + at, &length, sizeof(length)) ||
	    length < 2 * sizeof(length) || length > PIECE_BYTES - sizeof(length) || length > left - sizeof(length) ||
	    !read_at(table->fd, table->offset + at, to, sizeof(length) + length))
		return 0;
	return sizeof(length) + length;
}

/*
 * The function's piece after the one it refers to, which several have in common. It keeps its address, from which it tells
 * what code it is about; that of the common one does not matter.
 */
static size_t read_pieces(const struct frame_table *table, __u64 piece, struct small_file *file)
{
	unsigned char own[PIECE_BYTES];
	size_t bytes = read_piece(table, piece, own), common;
	__u32 back;

	if (!bytes)
		return 0;
	memcpy(&back, own + sizeof(back), sizeof(back));	/* from this very word */
	common = back ? read_piece(table, piece + sizeof(back) - back, file->frames) : 0;
	if (!common)
		return 0;
	back = (__u32)(common + sizeof(back));
	memcpy(own + sizeof(back), &back, sizeof(back));
	memcpy(file->frames + common, own, bytes);
	memset(file->frames + common + bytes, 0, sizeof(back));
	file->sections[1].sh_addr = piece - common;
	return common + bytes + sizeof(back);
}

static void make_file(const struct frame_table *table, struct small_file *file, size_t frames_bytes)
{
	static const char names[] = NAMES;

	memcpy(file->head.e_ident, table->head, sizeof(table->head));
	file->head.e_type = ET_DYN;
	file->head.e_machine = table->machine;
	file->head.e_version = EV_CURRENT;
	file->head.e_ehsize = sizeof(file->head);
	file->head.e_shoff = offsetof(struct small_file, sections);
	file->head.e_shentsize = sizeof(file->sections[0]);
	file->head.e_shnum = 3;
	file->head.e_shstrndx = 2;
	memcpy(file->names, names, sizeof(names));
	file->sections[1].sh_name = 1;
	file->sections[1].sh_type = SHT_PROGBITS;
	file->sections[1].sh_flags = SHF_ALLOC;
	file->sections[1].sh_offset = offsetof(struct small_file, frames);
	file->sections[1].sh_size = frames_bytes;
	file->sections[1].sh_addralign = 1;
	file->sections[2].sh_name = sizeof("\0.eh_frame");
	file->sections[2].sh_type = SHT_STRTAB;
	file->sections[2].sh_offset = offsetof(struct small_file, names);
	file->sections[2].sh_size = sizeof(names);
	file->sections[2].sh_addralign = 1;
}

struct unwind_rule frame_table_find(const struct frame_table *table, __u64 address)
{
	struct unwind_rule rule = {0};
	struct small_file file = {0};
	__u64 piece = piece_of(table, address);
	size_t bytes = piece ? read_pieces(table, piece, &file) : 0;
	Dwarf_CFI *frames;
	Elf *elf;

	if (!bytes)
		return rule;
	make_file(table, &file, bytes);
	elf = elf_memory((char *)&file, sizeof(file));
	frames = elf ? dwarf_getcfi_elf(elf) : NULL;
	if (frames)
		rule = unwind_rule_find(frames, address);
	dwarf_cfi_end(frames);
	elf_end(elf);
	return rule;
}
