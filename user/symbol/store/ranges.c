// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ranges.c - finds the range that holds an address. */
#include <assert.h>
#include <stdlib.h>

#include "base/array.h"
#include "symbol/store/ranges.h"

/* Ranges before an address that are searched for one that holds it: well-formed files nest and overlap no deeper. */
#define LOOK_BACK 64

bool ranges_add(struct ranges *ranges, __u64 low, __u64 high, __u64 value)
{
	if (low >= high)
		return true;
	if (!array_reserve(ranges->list, ranges->nr, ranges->room, 1))
		return false;
	ranges->list[ranges->nr++] = (struct range){low, high, value};
	ranges->unsorted = true;
	return true;
}

static int by_low(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

void ranges_sort(struct ranges *ranges)
{
	if (ranges->nr)
		qsort(ranges->list, ranges->nr, sizeof(*ranges->list), by_low);
	ranges->unsorted = false;
}

const struct range *ranges_find(const struct ranges *ranges, __u64 address)
{
	size_t low = 0, high = ranges->nr, i;
	const struct range *best = NULL;

	assert(!ranges->unsorted);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->list[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (i = low; i > 0 && low - i < LOOK_BACK; i--) {
		const struct range *range = &ranges->list[i - 1];

		if (address < range->high && (!best || range->value > best->value))
			best = range;
	}
	return best;
}

void ranges_free(struct ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct ranges){};
}
