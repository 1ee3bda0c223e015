/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * intern.h - interned texts: one copy of each, at an address that never changes.
 *
 * Caches of symbols may be emptied at any time; the names that they gave out stay valid. The bound protects against a target
 * that invents names without end.
 */
#ifndef SYMBOL_STORE_INTERN_H
#define SYMBOL_STORE_INTERN_H

#include <stddef.h>

#define INTERN_BYTES (32 << 20)	/* limit for all texts of one process */

struct intern_chunk;

struct intern {
	struct intern_chunk *chunks;
	const char **slots;
	size_t nr, capacity;	/* capacity: a power of two, or 0 */
	size_t bytes;
};

/* The interned copy of a text; NULL: the limit is reached, or there is no memory. */
const char *intern_keep(struct intern *intern, const char *text);

void intern_free(struct intern *intern);

#endif
