/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* near_names.h - the functions of a file whose names are like one that it does not have. */
#ifndef SYMBOL_SEARCH_NEAR_NAMES_H
#define SYMBOL_SEARCH_NEAR_NAMES_H

#include <gelf.h>
#include <linux/types.h>
#include <stddef.h>

#define NEAR_NAMES 5
#define NEAR_NAME_BYTES 120

struct near_names {
	const char *wanted;
	__u64 until_ns;		/* the search ends then */
	struct near_name {
		unsigned int distance;
		char name[NEAR_NAME_BYTES];
	} list[NEAR_NAMES];	/* nearest first */
	size_t nr;
};

/* Adds those of one file. */
void near_names_add(struct near_names *near, Elf *elf);

/* Writes the names, separated by commas. */
void near_names_write(const struct near_names *near, char *to, size_t size);

#endif
