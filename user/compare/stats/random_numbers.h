/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* random_numbers.h - numbers that look random and are the same in each run, so that a comparison can be repeated. */
#ifndef COMPARE_STATS_RANDOM_NUMBERS_H
#define COMPARE_STATS_RANDOM_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_NUMBERS_SEED 0x9e3779b97f4a7c15ULL

/* splitmix64 */
static inline uint64_t random_numbers_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* A number below `limit`, which is below 2^32. */
static inline size_t random_numbers_below(uint64_t *state, size_t limit)
{
	return (size_t)((random_numbers_next(state) >> 32) * limit >> 32);
}

#endif
