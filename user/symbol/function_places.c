// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_places.c - the places in a file at which probes see the begin and the ends of a function's calls. */
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/elf_file.h"
#include "base/error.h"
#include "symbol/code/decoder.h"
#include "symbol/code/function_code.h"
#include "symbol/function_name.h"
#include "symbol/function_places.h"
#include "symbol/native/elf_symbols.h"
#include "symbol/unwind/frame_table.h"

#define TABLE_BYTES (64UL << 20)	/* a larger symbol table is passed over */
#define STUB_SECTIONS 8
#define CALLER_FRAME 8			/* at a function's entry the caller's frame begins behind the return address */

struct function_symbol {
	__u64 start, end;
	bool part;		/* ".cold" or ".part.N": the compiler has split it off a function */
};

struct function_file {
	Elf *elf;
	int fd;
	struct elf_file file;
	struct frame_table frames;
	bool has_frames, has_go, has_exceptions;
	struct code_range stubs[STUB_SECTIONS];	/* sections of stubs (.plt and its like): each is a function */
	size_t nr_stubs;
	struct function_symbol *symbols;	/* by start */
	size_t nr_symbols, room_symbols;
};

/* ---- sections ---- */

static void note_section(struct function_file *f, const char *name, const GElf_Shdr *header)
{
	f->has_go |= !strcmp(name, ".gopclntab");
	f->has_exceptions |= !strcmp(name, ".gcc_except_table");
	if (!strncmp(name, ".plt", 4) && f->nr_stubs < STUB_SECTIONS)
		f->stubs[f->nr_stubs++] = (struct code_range){header->sh_addr, header->sh_addr + header->sh_size};
}

static void read_sections(struct function_file *f)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names))
		return;
	while ((section = elf_nextscn(f->elf, section))) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header) ? elf_strptr(f->elf, names, header.sh_name) : NULL;

		if (name)
			note_section(f, name, &header);
	}
}

static bool is_stub(const struct function_file *f, __u64 address)
{
	size_t i;

	for (i = 0; i < f->nr_stubs; i++)
		if (address >= f->stubs[i].start && address < f->stubs[i].end)
			return true;
	return false;
}

/* ---- symbols ---- */

static bool is_part(const char *name)
{
	return name && function_name_is_part(name);
}

static int by_start(const void *a, const void *b)
{
	const struct function_symbol *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int read_symbols(struct function_file *f)
{
	struct elf_symbols symbols = {.elf = f->elf};
	GElf_Sym s;

	while (elf_symbols_next_table(&symbols, SHT_NULL, TABLE_BYTES)) {
		while (elf_symbols_next(&symbols, &s)) {
			if (!elf_symbols_is_function(&s))
				continue;
			if (!array_reserve(f->symbols, f->nr_symbols, f->room_symbols, 1))
				return fail(-ENOMEM, "out of memory");
			f->symbols[f->nr_symbols++] = (struct function_symbol){
				.start = s.st_value, .end = s.st_value + s.st_size, .part = is_part(elf_symbols_name(&symbols, &s)),
			};
		}
	}
	if (f->nr_symbols)
		qsort(f->symbols, f->nr_symbols, sizeof(*f->symbols), by_start);
	return 0;
}

/* The last symbol that begins at or before an address; NULL: none does. */
static const struct function_symbol *symbol_before(const struct function_file *f, __u64 address)
{
	size_t low = 0, high = f->nr_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &f->symbols[low - 1] : NULL;
}

/* ---- the code's source ---- */

static int read_code(void *ctx, __u64 address, void *to, size_t size)
{
	struct function_file *f = ctx;
	__u64 offset, last;

	if (!size || elf_file_offset(&f->file, address, &offset) || elf_file_offset(&f->file, address + size - 1, &last) ||
	    last - offset != size - 1)
		return -EFAULT;
	return pread(f->fd, to, size, (off_t)offset) == (ssize_t)size ? 0 : -EIO;
}

/*
 * Without a symbol the unwind table tells. A part that was split off begins in the middle of the function's frame, or is jumped
 * into. If it begins where a function would, leaving for it is as good as a tail call.
 */
static enum code_place place_by_frames(struct function_file *f, __u64 address, struct code_range *part)
{
	struct unwind_rule rule;

	if (!f->has_frames || !frame_table_range(&f->frames, address, &part->start, &part->end))
		return CODE_UNKNOWN;
	if (part->start != address)
		return CODE_PART;
	rule = frame_table_find(&f->frames, address);
	if (!rule.known)
		return CODE_UNKNOWN;
	return !rule.by_bp && rule.frame_at == CALLER_FRAME ? CODE_EITHER : CODE_PART;
}

static enum code_place place_of(void *ctx, __u64 address, struct code_range *part)
{
	struct function_file *f = ctx;
	const struct function_symbol *s = symbol_before(f, address);

	if (is_stub(f, address))
		return CODE_FUNCTION;
	if (s && s->start == address && !s->part) {
		*part = (struct code_range){s->start, s->end};
		return CODE_FUNCTION;
	}
	if (!s || address >= s->end)
		return place_by_frames(f, address, part);
	if (!s->part)
		return CODE_INSIDE;
	*part = (struct code_range){s->start, s->end};
	return CODE_PART;
}

/* ---- one function ---- */

static bool find_extent(struct function_file *f, __u64 address, __u64 size, struct code_range *range)
{
	*range = (struct code_range){address, address + size};
	if (size)
		return range->end > range->start;
	return f->has_frames && frame_table_range(&f->frames, address, &range->start, &range->end) && range->start == address;
}

static int store_places(struct function_places *places, const struct function_file *f, const struct function_code *code)
{
	size_t i;

	_Static_assert(FUNCTION_PLACES_MAX >= FUNCTION_CODE_EXITS, "room for all exits");
	if (elf_file_offset(&f->file, code->entry, &places->entry))
		return -ENOENT;
	for (i = 0; i < code->nr_exits; i++)
		if (elf_file_offset(&f->file, code->exits[i], &places->exits[i]))
			return -ENOENT;
	places->nr_exits = code->nr_exits;
	return 0;
}

static void find_exits(struct function_places *places, struct function_file *f, __u64 address, __u64 size)
{
	const struct code_source source = {.read = read_code, .place = place_of, .ctx = f};
	struct function_code code;
	struct code_range range;

	if (!find_extent(f, address, size, &range)) {
		snprintf(places->reason, sizeof(places->reason), "the file does not tell where it ends");
		return;
	}
	if (function_code_read(&code, &range, &source, places->reason, sizeof(places->reason)))
		return;
	places->is_empty = code.is_empty;
	if (store_places(places, f, &code))
		snprintf(places->reason, sizeof(places->reason), "its code is not in the file");
	else
		places->exits_known = true;
}

void function_places_prepare(void)
{
	decoder_load();
}

int function_places_find(struct function_places *places, int fd, __u64 address, __u64 size)
{
	struct function_file f = {.fd = fd};
	int err;

	*places = (struct function_places){0};
	if (elf_file_open(&f.file, fd) || elf_file_offset(&f.file, address, &places->entry))
		return fail(-ENOEXEC, "--section: the function has no code in the file");
	f.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!f.elf)
		return fail(-ENOEXEC, "--section: the file is not an ELF program or library");
	f.has_frames = frame_table_open(&f.frames, f.elf, fd);
	read_sections(&f);
	places->is_go = f.has_go;
	places->unwinds = f.has_go || f.has_exceptions;
	err = read_symbols(&f);
	if (!err)
		find_exits(places, &f, address, size);
	free(f.symbols);
	elf_end(f.elf);
	return err;
}
