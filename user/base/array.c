// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* array.c - arrays that grow, and structures that are arrays of counters. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"

#define FIRST_ROOM 16

bool array_grow(void **list, size_t *room, size_t nr, size_t more, size_t size)
{
	size_t wanted = *room ? *room : FIRST_ROOM;
	void *grown;

	assert(nr <= *room);
	if (more <= *room - nr)
		return true;
	while (wanted - nr < more) {
		if (__builtin_mul_overflow(wanted, 2, &wanted))
			return false;
	}
	grown = reallocarray(*list, wanted, size);
	if (!grown)
		return false;
	*list = grown;
	*room = wanted;
	return true;
}

void array_add_counters(void *to, const void *from, size_t bytes)
{
	const uint64_t *add = from;
	uint64_t *sum = to;
	size_t i;

	for (i = 0; i < bytes / sizeof(*sum); i++)
		sum[i] += add[i];
}
