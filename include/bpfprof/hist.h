/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hist.h - value <-> bucket arithmetic of the exponential histogram, compiled for BPF and for user space.
 *
 * Buckets are those of OpenTelemetry's exponential histogram at scale 5 (Prometheus' native histogram schema 5):
 * bucket i holds the values v with 2^(i/32) < v <= 2^((i+1)/32), so it is 2.2 % wide and its middle is within 1.1
 * % of every value in it. Values are integers, for the profiler nanoseconds. 0 has no bucket and is counted apart;
 * 1 falls into bucket -1, the lowest.
 *
 * A bucket is stored at place index + 1. HIST_PLACES covers 2^48 ns, 78 hours; longer values are counted in the
 * last place.
 *
 * The bounds below are ceil(2^(63 + j/32)). A value shifted left until its top bit is set is above 2^(k + j/32)
 * exactly when it is at least that number, because 2^(j/32) is irrational for 0 < j < 32. So the index is exact
 * for every 64-bit value; tests/unit/include/hist.c proves it against 128-bit arithmetic.
 */
#ifndef BPFPROF_HIST_H
#define BPFPROF_HIST_H

#include <linux/types.h>

#define HIST_SCALE	5
#define HIST_SUB	(1 << HIST_SCALE)	/* buckets in an octave */
#define HIST_OCTAVES	48
#define HIST_PLACES	(HIST_OCTAVES * HIST_SUB + 1)
#define HIST_MIN_INDEX	(-1)

static const __u64 hist_bounds[64] = {
	0x8000000000000000ULL, 0x82cd8698ac2ba1d8ULL, 0x85aac367cc487b15ULL, 0x88980e8092da8528ULL,
	0x8b95c1e3ea8bd6e7ULL, 0x8ea4398b45cd53c1ULL, 0x91c3d373ab11c337ULL, 0x94f4efa8fef70962ULL,
	0x9837f0518db8a970ULL, 0x9b8d39b9d54e5539ULL, 0x9ef5326091a111aeULL, 0xa27043030c496819ULL,
	0xa5fed6a9b15138ebULL, 0xa9a15ab4ea7c0ef9ULL, 0xad583eea42a14ac7ULL, 0xb123f581d2ac2590ULL,
	0xb504f333f9de6485ULL, 0xb8fbaf4762fb9eeaULL, 0xbd08a39f580c36bfULL, 0xc12c4cca66709457ULL,
	0xc5672a115506dadeULL, 0xc9b9bd866e2f27a3ULL, 0xce248c151f8480e4ULL, 0xd2a81d91f12ae45bULL,
	0xd744fccad69d6af5ULL, 0xdbfbb797daf23756ULL, 0xe0ccdeec2a94e112ULL, 0xe5b906e77c8348a9ULL,
	0xeac0c6e7dd24392fULL, 0xefe4b99bdcdaf5ccULL, 0xf5257d152486cc2dULL, 0xfa83b2db722a033bULL,
	~0ULL,
};

/*
 * The highest bound at or below the start of each of 64 equal parts of the mantissa. No part holds more than one
 * other bound.
 */
static const __u8 hist_guess[64] = {
	 0,  0,  1,  2,  2,  3,  4,  4,  5,  6,  6,  7,  7,  8,  9,  9,
	10, 10, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18,
	18, 19, 19, 20, 20, 21, 21, 21, 22, 22, 23, 23, 24, 24, 25, 25,
	25, 26, 26, 27, 27, 27, 28, 28, 29, 29, 29, 30, 30, 30, 31, 31,
};

/* Place of the highest set bit, by the top six bits of the product in hist_log2(). */
static const __u8 hist_bit[64] = {
	 0, 58,  1, 59, 47, 53,  2, 60, 39, 48, 27, 54, 33, 42,  3, 61,
	51, 37, 40, 49, 18, 28, 20, 55, 30, 34, 11, 43, 14, 22,  4, 62,
	57, 46, 52, 38, 26, 32, 41, 50, 36, 17, 19, 29, 10, 13, 21, 56,
	45, 25, 31, 35, 16,  9, 12, 44, 24, 15,  8, 23,  7,  6,  5, 63,
};

/*
 * Returns the position of the highest set bit of v, v > 0. BPF has no instruction for it, and every compare is a
 * branch there. So all bits below the highest are set, and a multiplication tells the 64 results apart.
 */
static inline __attribute__((always_inline)) __u32 hist_log2(__u64 v)
{
	v |= v >> 1;
	v |= v >> 2;
	v |= v >> 4;
	v |= v >> 8;
	v |= v >> 16;
	v |= v >> 32;
	return hist_bit[v * 0x03f6eaf2cd271461ULL >> 58];
}

/* Returns the place of a value, at least 0 and below 64 * HIST_SUB + 1. The value must not be 0. */
static inline __attribute__((always_inline)) __u32 hist_place_unbounded(__u64 v)
{
	__u32 octave = hist_log2(v);
	__u64 m = v << (63 - octave), power = m << 1;
	__u32 j = hist_guess[m >> 57 & 63];

	j += 1 - (__u32)((m - hist_bounds[(j + 1) & 63]) >> 63);	/* the sign compares them: both have their top bit set */
	return octave * HIST_SUB + j + (__u32)((power | -power) >> 63);	/* a power of two is the upper end of its bucket */
}

/* Returns the place of a value, 0 .. HIST_PLACES - 1. The value must not be 0. */
static inline __attribute__((always_inline)) __u32 hist_place(__u64 v)
{
	__u32 place = hist_place_unbounded(v);

	return place < HIST_PLACES ? place : HIST_PLACES - 1;
}

static inline int hist_index(__u32 place)
{
	return (int)place + HIST_MIN_INDEX;
}

/*
 * Coarse distributions, of bytes and faults per call and of an event loop's holds: buckets a quarter of an octave wide (scale 2 of
 * the exponential histogram), place = (hist_place(v) + 7) / 8. Calls without any growth or fault are not stored: they are
 * section_stat.count less the calls counted here.
 */
#define COARSE_SCALE	2
#define COARSE_PLACES	194

#endif
