/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hist.h - value <-> bucket arithmetic of the exponential histogram, compiled on both sides.
 *
 * Buckets are those of OpenTelemetry's exponential histogram at scale 5 (Prometheus' native
 * histogram schema 5): bucket i holds the values v with 2^(i/32) < v <= 2^((i+1)/32), so it is
 * 2.2 % wide and its middle is within 1.1 % of every value in it. Values are integers, for the
 * profiler nanoseconds. 0 has no bucket and is counted apart; 1 falls into bucket -1, the lowest.
 *
 * A bucket is stored at place index + 1. HIST_PLACES covers 2^48 ns, 78 hours; what is longer
 * is counted in the last place.
 *
 * The bounds below are ceil(2^(63 + j/32)): a value shifted left until its top bit is set is
 * above 2^(k + j/32) exactly when it is at least that number, because 2^(j/32) is irrational for
 * 0 < j < 32. So the index is exact for every 64-bit value; tests/unit/hist.c proves it against
 * 128-bit arithmetic.
 */
#ifndef BPFPROF_HIST_H
#define BPFPROF_HIST_H

#include <linux/types.h>

#define HIST_SCALE	5
#define HIST_SUB	(1 << HIST_SCALE)	/* buckets in an octave */
#define HIST_OCTAVES	48
#define HIST_PLACES	(HIST_OCTAVES * HIST_SUB + 1)
#define HIST_MIN_INDEX	(-1)

static const __u64 hist_bounds[HIST_SUB] = {
	0x8000000000000000ULL, 0x82cd8698ac2ba1d8ULL, 0x85aac367cc487b15ULL, 0x88980e8092da8528ULL,
	0x8b95c1e3ea8bd6e7ULL, 0x8ea4398b45cd53c1ULL, 0x91c3d373ab11c337ULL, 0x94f4efa8fef70962ULL,
	0x9837f0518db8a970ULL, 0x9b8d39b9d54e5539ULL, 0x9ef5326091a111aeULL, 0xa27043030c496819ULL,
	0xa5fed6a9b15138ebULL, 0xa9a15ab4ea7c0ef9ULL, 0xad583eea42a14ac7ULL, 0xb123f581d2ac2590ULL,
	0xb504f333f9de6485ULL, 0xb8fbaf4762fb9eeaULL, 0xbd08a39f580c36bfULL, 0xc12c4cca66709457ULL,
	0xc5672a115506dadeULL, 0xc9b9bd866e2f27a3ULL, 0xce248c151f8480e4ULL, 0xd2a81d91f12ae45bULL,
	0xd744fccad69d6af5ULL, 0xdbfbb797daf23756ULL, 0xe0ccdeec2a94e112ULL, 0xe5b906e77c8348a9ULL,
	0xeac0c6e7dd24392fULL, 0xefe4b99bdcdaf5ccULL, 0xf5257d152486cc2dULL, 0xfa83b2db722a033bULL,
};

/* Position of the highest set bit of v, v > 0: branch-free, as BPF has no instruction for it. */
static inline __attribute__((always_inline)) __u32 hist_log2(__u64 v)
{
	__u32 r, s;

	r = (v > 0xffffffffULL) << 5; v >>= r;
	s = (v > 0xffff) << 4; v >>= s; r |= s;
	s = (v > 0xff) << 3; v >>= s; r |= s;
	s = (v > 0xf) << 2; v >>= s; r |= s;
	s = (v > 0x3) << 1; v >>= s; r |= s;
	return r | (__u32)(v >> 1);
}

/* Place of a value: 0 .. HIST_PLACES - 1. The value must not be 0. */
static inline __attribute__((always_inline)) __u32 hist_place(__u64 v)
{
	__u32 octave = hist_log2(v);
	__u64 m = v << (63 - octave);
	__u32 j, place;

	/*
	 * The linear position of the mantissa is below the exponential one by at most
	 * HIST_SUB * 0.0861 = 2.75 buckets and never above it: start there, then take at most three steps.
	 */
	j = (m >> (63 - HIST_SCALE)) & (HIST_SUB - 1);
	j += j + 1 < HIST_SUB && m >= hist_bounds[(j + 1) & (HIST_SUB - 1)];
	j += j + 1 < HIST_SUB && m >= hist_bounds[(j + 1) & (HIST_SUB - 1)];
	j += j + 1 < HIST_SUB && m >= hist_bounds[(j + 1) & (HIST_SUB - 1)];
	place = octave * HIST_SUB + j + (m != 1ULL << 63 || j);
	return place < HIST_PLACES ? place : HIST_PLACES - 1;
}

static inline int hist_index(__u32 place)
{
	return (int)place + HIST_MIN_INDEX;
}

#endif
