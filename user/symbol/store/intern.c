// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* intern.c - names that are kept: each text once, at an address that never changes. */
#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/store/intern.h"

#define CHUNK_BYTES (32 << 10)

struct intern_chunk {
	struct intern_chunk *next;
	size_t used, size;
	char text[];
};

static __u64 hash_of(const char *text)
{
	__u64 hash = 0xcbf29ce484222325ULL;	/* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

static const char **slot_of(const struct intern *strings, const char *text)
{
	size_t i = hash_of(text) & (strings->capacity - 1);

	while (strings->slots[i] && strcmp(strings->slots[i], text))
		i = (i + 1) & (strings->capacity - 1);
	return &strings->slots[i];
}

static bool grow(struct intern *strings)
{
	struct intern bigger = *strings;
	size_t i;

	if (strings->nr * 4 < strings->capacity * 3)
		return true;
	bigger.capacity = strings->capacity ? 2 * strings->capacity : 256;
	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (i = 0; i < strings->capacity; i++)
		if (strings->slots[i])
			*slot_of(&bigger, strings->slots[i]) = strings->slots[i];
	free(strings->slots);
	*strings = bigger;
	return true;
}

static char *room_for(struct intern *strings, size_t size)
{
	struct intern_chunk *chunk = strings->chunks;
	size_t want = size > CHUNK_BYTES ? size : CHUNK_BYTES;

	if (!chunk || chunk->size - chunk->used < size) {
		if (strings->bytes + want > INTERN_BYTES)
			return NULL;
		chunk = malloc(sizeof(*chunk) + want);
		if (!chunk)
			return NULL;
		chunk->next = strings->chunks;
		chunk->used = 0;
		chunk->size = want;
		strings->chunks = chunk;
		strings->bytes += want;
	}
	chunk->used += size;
	return chunk->text + chunk->used - size;
}

const char *intern_keep(struct intern *strings, const char *text)
{
	size_t size = strlen(text) + 1;
	const char **slot;
	char *copy;

	if (!grow(strings))
		return NULL;
	slot = slot_of(strings, text);
	if (*slot)
		return *slot;
	copy = room_for(strings, size);
	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	strings->nr++;
	return *slot = copy;
}

void intern_free(struct intern *strings)
{
	while (strings->chunks) {
		struct intern_chunk *next = strings->chunks->next;

		free(strings->chunks);
		strings->chunks = next;
	}
	free(strings->slots);
	*strings = (struct intern){};
}
