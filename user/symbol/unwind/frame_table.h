/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * frame_table.h - what the compiler has noted for exceptions (.eh_frame) of one function, without reading all of it.
 *
 * libtorch has 10 MiB of it, for a quarter of a million pieces of code. For the unwinder at run time linkers add a sorted
 * table (.eh_frame_hdr). Here it is read where it lies in the file: some entries on the way to an address, and the two
 * pieces of .eh_frame that this leads to.
 */
#ifndef SYMBOL_UNWIND_FRAME_TABLE_H
#define SYMBOL_UNWIND_FRAME_TABLE_H

#include <gelf.h>
#include <stdbool.h>

#include "symbol/unwind/unwind.h"

struct frame_table {
	int fd;				/* the caller's */
	__u64 address;			/* of the table as linked: its entries count from there */
	__u64 entries, nr;		/* where they begin in the file, and how many there are; 0: there is no table */
	__u64 segment, offset, size;	/* that .eh_frame is in: its address, and its place in the file */
};

/* False: the file has no such table, or not of the kind that linkers make. The file may be hostile. */
bool frame_table_open(struct frame_table *table, Elf *elf, int fd);

/* Of an address in the file; not known if there is none, or if the file says nothing that makes sense. */
struct unwind_rule frame_table_find(const struct frame_table *table, __u64 address);

#endif
