/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * frame_table.h - finds the call frame information (.eh_frame) of one function without reading all of it.
 *
 * libtorch has 10 MiB of it, for a quarter of a million functions. Linkers add a sorted table (.eh_frame_hdr) for the
 * unwinder at run time. It is read where it lies in the file: the entries that a binary search visits, and the two pieces of
 * .eh_frame that the last entry leads to.
 */
#ifndef SYMBOL_UNWIND_FRAME_TABLE_H
#define SYMBOL_UNWIND_FRAME_TABLE_H

#include <gelf.h>
#include <stdbool.h>

#include "symbol/unwind/unwind.h"

struct frame_table {
	int fd;				/* the caller's */
	__u64 address;			/* of the table as linked; its entries are relative to it */
	__u64 entries, nr;		/* offset of the entries in the file, and their number; 0: there is no table */
	__u64 segment, offset, size;	/* segment that holds .eh_frame: its address as linked, and its place in the file */
};

/* Returns false if the file has no such table, or one of a kind that linkers do not write. The file may be hostile. */
bool frame_table_open(struct frame_table *table, Elf *elf, int fd);

/* The rule for an address as linked; not known if the file has none or if it makes no sense. */
struct unwind_rule frame_table_find(const struct frame_table *table, __u64 address);

/* The range of the function that holds an address. Returns false if no function of the table does. */
bool frame_table_range(const struct frame_table *table, __u64 address, __u64 *start, __u64 *end);

#endif
