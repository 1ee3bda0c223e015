/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cache.h - blocks of memory by key, up to a bound; a full cache is emptied.
 *
 * That is cheaper than to track which block was used last. A block that is still in use costs one more read to come back.
 */
#ifndef SYMBOL_STORE_CACHE_H
#define SYMBOL_STORE_CACHE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct cache_slot;

struct cache {
	size_t max_entries, max_bytes;	/* the bound */
	struct cache_slot *slots;
	size_t nr, capacity, bytes;	/* capacity: a power of two, or 0 */
};

/* The block of (key, tag), or NULL. It is valid until the next cache_put() or cache_clear(). */
void *cache_get(const struct cache *cache, __u64 key, __u32 tag);

/*
 * Stores a block from malloc(), which the cache owns from now on, and frees the one that it replaces. Returns false if there
 * is no room: the block is freed then.
 */
bool cache_put(struct cache *cache, __u64 key, __u32 tag, void *block, size_t size);

void cache_clear(struct cache *cache);

#endif
