// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* intern.c - interned texts: one copy of each, at an address that never changes. */
#include <assert.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "symbol/store/intern.h"

#define CHUNK_BYTES (32 << 10)

struct intern_chunk {
	struct intern_chunk *next;
	size_t used, size;
	char text[];
};

static __u64 hash_text(const char *text)
{
	__u64 hash = 0xcbf29ce484222325ULL;	/* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

static const char **find_slot(const struct intern *intern, const char *text)
{
	size_t i = hash_text(text) & (intern->capacity - 1);

	while (intern->slots[i] && strcmp(intern->slots[i], text))
		i = (i + 1) & (intern->capacity - 1);
	return &intern->slots[i];
}

static bool grow_slots(struct intern *intern)
{
	struct intern bigger = *intern;
	size_t i;

	if (intern->nr * 4 < intern->capacity * 3)
		return true;
	bigger.capacity = intern->capacity ? 2 * intern->capacity : 256;
	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (i = 0; i < intern->capacity; i++)
		if (intern->slots[i])
			*find_slot(&bigger, intern->slots[i]) = intern->slots[i];
	free(intern->slots);
	*intern = bigger;
	return true;
}

static char *reserve_bytes(struct intern *intern, size_t size)
{
	struct intern_chunk *chunk = intern->chunks;
	size_t want = size > CHUNK_BYTES ? size : CHUNK_BYTES;

	if (!chunk || chunk->size - chunk->used < size) {
		if (intern->bytes + want > INTERN_BYTES || !budget_reserve(want))
			return NULL;
		chunk = malloc(sizeof(*chunk) + want);
		if (!chunk) {
			budget_release(want);
			return NULL;
		}
		chunk->next = intern->chunks;
		chunk->used = 0;
		chunk->size = want;
		intern->chunks = chunk;
		intern->bytes += want;
		assert(intern->bytes <= INTERN_BYTES);
	}
	chunk->used += size;
	return chunk->text + chunk->used - size;
}

const char *intern_keep(struct intern *intern, const char *text)
{
	size_t size = strlen(text) + 1;
	const char **slot;
	char *copy;

	if (!grow_slots(intern))
		return NULL;
	slot = find_slot(intern, text);
	if (*slot)
		return *slot;
	copy = reserve_bytes(intern, size);
	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	intern->nr++;
	return *slot = copy;
}

void intern_free(struct intern *intern)
{
	while (intern->chunks) {
		struct intern_chunk *next = intern->chunks->next;

		free(intern->chunks);
		intern->chunks = next;
	}
	free(intern->slots);
	budget_release(intern->bytes);
	*intern = (struct intern){};
}
