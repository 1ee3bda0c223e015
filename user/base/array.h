/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * array.h - arrays that grow: a pointer, the number of elements in use, and the room, which doubles.
 *
 *     struct { struct thing *list; size_t nr, room; } a = {0};
 *
 *     if (!array_reserve(a.list, a.nr, a.room, 1))
 *             return -ENOMEM;
 *     a.list[a.nr++] = thing;
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Makes room for `more` elements behind the `nr` in use. Returns false without memory; the array is then unchanged. */
#define array_reserve(list, nr, room, more) array_grow((void **)&(list), &(room), (nr), (more), sizeof(*(list)))

/* Adds the counters of `from` to those of `to`: structures of unsigned 64-bit numbers alone, `bytes` of them. */
void array_add_counters(void *to, const void *from, size_t bytes);

bool array_grow(void **list, size_t *room, size_t nr, size_t more, size_t size);

#endif
