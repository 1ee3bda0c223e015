/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ranges.h - finds the range that holds an address.
 *
 * If several do, the one with the greatest value is found: the latest or the innermost one.
 */
#ifndef SYMBOL_STORE_RANGES_H
#define SYMBOL_STORE_RANGES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct range {
	__u64 low, high;	/* [low, high) */
	__u64 value;
};

struct ranges {
	struct range *list;
	size_t nr, room;
	bool unsorted;		/* ranges were added after the last ranges_sort() */
};

/* Adds a range; an empty one is ignored. Returns false if there is no memory. */
bool ranges_add(struct ranges *ranges, __u64 low, __u64 high, __u64 value);

/* Must be called after the last ranges_add() and before the first ranges_find(). */
void ranges_sort(struct ranges *ranges);

/* Returns NULL if no range holds the address. */
const struct range *ranges_find(const struct ranges *ranges, __u64 address);

void ranges_free(struct ranges *ranges);

#endif
