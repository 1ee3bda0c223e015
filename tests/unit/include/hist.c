// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * hist.c - every value falls into the bucket that the definition names, without rounding.
 *
 * 2^(i/32) < v <= 2^((i+1)/32) is equivalent to 2^i < v^32 <= 2^(i+1). The 2048-bit power is computed exactly, and
 * its length gives the bucket.
 */
#include "fixture.h"

#define LIMBS 32	/* of 64 bits */
#define RANDOM_VALUES 3000000

static void square(__u64 *v, int limbs)
{
	__u64 out[LIMBS] = {0}, carry;
	unsigned __int128 x;
	int i, j;

	for (i = 0; i < limbs; i++) {
		for (carry = 0, j = 0; j < limbs; j++) {
			x = (unsigned __int128)v[i] * v[j] + out[i + j] + carry;
			out[i + j] = (__u64)x;
			carry = x >> 64;
		}
		out[i + limbs] = carry;
	}
	memcpy(v, out, 2 * limbs * sizeof(*v));
}

static int exact_index(__u64 value)
{
	__u64 v[LIMBS] = {value};
	int limbs, i = LIMBS - 1, log2;

	for (limbs = 1; limbs < LIMBS; limbs *= 2)
		square(v, limbs);
	while (!v[i])
		i--;
	log2 = 64 * i + 63 - __builtin_clzll(v[i]);
	return value & (value - 1) ? log2 : log2 - 1;
}

static __u32 exact_place(__u64 value)
{
	__u32 place = exact_index(value) - HIST_MIN_INDEX;

	return place < HIST_PLACES ? place : HIST_PLACES - 1;
}

static void check(__u64 v)
{
	if (v && hist_place(v) != exact_place(v))
		fail_msg("%llu is put at %u, belongs at %u", v, hist_place(v), exact_place(v));
}

static void check_around(__u64 v)
{
	check(v - 1);
	check(v);
	check(v + 1);
}

static void test_small(void **state)
{
	__u64 v;

	(void)state;
	for (v = 1; v < 300000; v++)
		check(v);
	assert_int_equal(hist_index(hist_place(1)), -1);
	assert_int_equal(hist_index(hist_place(2)), 31);
	assert_int_equal(hist_index(hist_place(3)), 50);	/* 32 * log2(3) = 50.7 */
}

/*
 * Between two neighbouring bounds hist_place() takes the same steps for all values. So if both sides of all bounds
 * are right, those of the table and those of its linear guess, it is right everywhere.
 */
static void test_bounds(void **state)
{
	int octave, j;

	(void)state;
	for (octave = 0; octave < 64; octave++) {
		check_around(1ULL << octave);
		for (j = 0; j < HIST_SUB; j++) {
			check_around(hist_bounds[j] >> (63 - octave));
			check_around((32ULL + j) << 58 >> (63 - octave));
		}
	}
	check(~0ULL);
}

static void test_table(void **state)
{
	int j;

	(void)state;
	for (j = 1; j < HIST_SUB; j++) {
		assert_int_equal(exact_index(hist_bounds[j]), 63 * 32 + j);
		assert_int_equal(exact_index(hist_bounds[j] - 1), 63 * 32 + j - 1);
	}
}

static void test_random(void **state)
{
	__u64 seed = 88172645463325252ULL;
	int i;

	(void)state;
	for (i = 0; i < RANDOM_VALUES; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		check(seed >> (seed & 63));
	}
}

static void test_last_place(void **state)
{
	(void)state;
	assert_int_equal(hist_place(1ULL << 48), HIST_PLACES - 1);
	assert_int_equal(hist_place((1ULL << 48) + 1), HIST_PLACES - 1);
	assert_int_equal(hist_place(~0ULL), HIST_PLACES - 1);
	assert_true(hist_place(hist_bounds[31] >> 16) == HIST_PLACES - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small), cmocka_unit_test(test_bounds), cmocka_unit_test(test_table),
		cmocka_unit_test(test_random), cmocka_unit_test(test_last_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
