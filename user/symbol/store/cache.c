// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cache.c - blocks of memory by key, up to a bound; a full cache is emptied. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "symbol/store/cache.h"

struct cache_slot {
	__u64 key;
	__u32 tag;
	__u32 size;
	void *block;	/* NULL: free */
};

static struct cache_slot *find_slot(const struct cache *cache, __u64 key, __u32 tag)
{
	__u64 hash = (key ^ (__u64)tag << 32) * 0x9e3779b97f4a7c15ULL;
	size_t i = (hash ^ hash >> 29) & (cache->capacity - 1);

	while (cache->slots[i].block && (cache->slots[i].key != key || cache->slots[i].tag != tag))
		i = (i + 1) & (cache->capacity - 1);
	return &cache->slots[i];
}

void *cache_get(const struct cache *cache, __u64 key, __u32 tag)
{
	return cache->capacity ? find_slot(cache, key, tag)->block : NULL;
}

static bool grow_cache(struct cache *cache)
{
	struct cache bigger = *cache;
	size_t i;

	if (cache->nr * 4 < cache->capacity * 3)
		return true;
	bigger.capacity = cache->capacity ? 2 * cache->capacity : 256;
	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (i = 0; i < cache->capacity; i++)
		if (cache->slots[i].block)
			*find_slot(&bigger, cache->slots[i].key, cache->slots[i].tag) = cache->slots[i];
	free(cache->slots);
	*cache = bigger;
	return true;
}

bool cache_put(struct cache *cache, __u64 key, __u32 tag, void *block, size_t size)
{
	struct cache_slot *slot;

	assert(block);
	if (cache->nr >= cache->max_entries || cache->bytes + size > cache->max_bytes)
		cache_clear(cache);
	if (size > cache->max_bytes || !grow_cache(cache)) {
		free(block);
		return false;
	}
	slot = find_slot(cache, key, tag);
	cache->nr += !slot->block;
	cache->bytes += size - (slot->block ? slot->size : 0);
	free(slot->block);
	*slot = (struct cache_slot){key, tag, (__u32)size, block};
	assert(cache->nr <= cache->max_entries && cache->bytes <= cache->max_bytes);
	return true;
}

void cache_clear(struct cache *cache)
{
	size_t i;

	for (i = 0; i < cache->capacity; i++)
		free(cache->slots[i].block);
	free(cache->slots);
	cache->slots = NULL;
	cache->nr = cache->capacity = cache->bytes = 0;
}
