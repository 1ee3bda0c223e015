/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* ranges.h - which range holds an address: of several that do, the one with the greatest value, which is the latest or the innermost. */
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
};

/* False: no memory. Empty ranges are left out. */
bool ranges_add(struct ranges *ranges, __u64 low, __u64 high, __u64 value);

/* To be called after the last ranges_add() and before the first ranges_find(). */
void ranges_sort(struct ranges *ranges);

const struct range *ranges_find(const struct ranges *ranges, __u64 address);

void ranges_free(struct ranges *ranges);

#endif
