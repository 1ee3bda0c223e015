/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * intern.h - names that are kept: each text once, at an address that never changes.
 *
 * Caches may start over as often as they like, what they had named keeps its name; so a target that makes up
 * names without end meets a bound here.
 */
#ifndef SYMBOL_STORE_INTERN_H
#define SYMBOL_STORE_INTERN_H

#include <stddef.h>

#define INTERN_BYTES (32 << 20)	/* at most, all texts of one process */

struct intern_chunk;

struct intern {
	struct intern_chunk *chunks;
	const char **slots;
	size_t nr, capacity;
	size_t bytes;
};

/* The kept copy of a text; NULL: no room for more. */
const char *intern_keep(struct intern *strings, const char *text);

void intern_free(struct intern *strings);

#endif
