/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cache.h - blocks of memory by a key, up to a bound; when it is full it starts over.
 *
 * That is cheaper than to know which was used last, and right as well: what is still in use comes back with
 * one more read each.
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
	size_t nr, capacity, bytes;
};

/* The block of (key, tag), or NULL. It lives until the next call but this one. */
void *cache_get(const struct cache *cache, __u64 key, __u32 tag);

/* Takes over a block of malloc()'s, in place of the one that was there. It is freed if there is no room for it: false. */
bool cache_put(struct cache *cache, __u64 key, __u32 tag, void *block, size_t size);

void cache_clear(struct cache *cache);

#endif
