// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* numbers.c - percentiles compared with those of the sorted values; numbers as people read them. */
#include "analyse/sums/numbers.h"
#include "fixture.h"
#include "base/human.h"

#define TOLERANCE 0.011
#define VALUES 20000

static const double shares[] = {0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

#define NR_SHARES (sizeof(shares) / sizeof(*shares))

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static double nearest_rank(const __u64 *sorted, size_t n, double q)
{
	size_t rank = (size_t)ceil(q * n - 1e-6);

	return sorted[rank ? rank - 1 : 0];
}

static void compare_percentiles(const char *what, __u64 *values, size_t n)
{
	struct section_stat *s = calloc(1, sizeof(*s));
	double got[NR_SHARES], want;
	size_t i;

	assert_non_null(s);
	for (i = 0; i < n; i++)
		fixture_count(s, values[i]);
	qsort(values, n, sizeof(*values), by_value);
	numbers_percentiles_ns(s, shares, got, NR_SHARES);
	for (i = 0; i < NR_SHARES; i++) {
		want = nearest_rank(values, n, shares[i]);
		if (fabs(got[i] - want) > TOLERANCE * want)
			fail_msg("%s, n %zu, p%g: %g instead of %g", what, n, 100 * shares[i], got[i], want);
	}
	assert_true(got[0] == values[0] && got[NR_SHARES - 1] == values[n - 1]);
	assert_true(numbers_recorded(s) == n);
	free(s);
}

static __u64 next_random(__u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

static void fill_and_compare(const char *what, __u64 (*value)(__u64 random), size_t n)
{
	static __u64 values[VALUES];
	__u64 seed = 88172645463325252ULL + n;
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = value(next_random(&seed));
	compare_percentiles(what, values, n);
}

static __u64 uniform_value(__u64 r) { return r % 1000000 + 5; }
static __u64 small_value(__u64 r) { return r % 70; }
static __u64 decades_value(__u64 r) { return 1 + (r >> 17) % (1ULL << (r % 47)); }
static __u64 two_modes(__u64 r) { return r % 10 ? 700 + r % 300 : 50000000 + r % 9000000; }
static __u64 constant_value(__u64 r) { (void)r; return 1041; }
static __u64 bucket_ends(__u64 r) { return r & 1 ? hist_bounds[7] >> 40 : (hist_bounds[8] >> 40) - 1; }
static __u64 mostly_zero(__u64 r) { return r % 3 ? 0 : r % 1000; }

static void test_percentiles(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 10, 99, 100, 101, 1000, VALUES};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fill_and_compare("uniform", uniform_value, sizes[i]);
		fill_and_compare("small", small_value, sizes[i]);
		fill_and_compare("decades", decades_value, sizes[i]);
		fill_and_compare("two modes", two_modes, sizes[i]);
		fill_and_compare("constant", constant_value, sizes[i]);
		fill_and_compare("bucket ends", bucket_ends, sizes[i]);
		fill_and_compare("mostly zero", mostly_zero, sizes[i]);
	}
}

static void test_nothing_recorded(void **state)
{
	struct section_stat *s = calloc(1, sizeof(*s));
	double got[NR_SHARES];
	size_t i;

	(void)state;
	numbers_percentiles_ns(s, shares, got, NR_SHARES);
	for (i = 0; i < NR_SHARES; i++)
		assert_true(isnan(got[i]));
	assert_true(isnan(numbers_mean_ns(s)) && isnan(numbers_min_ns(s)) && isnan(numbers_max_ns(s)));
	free(s);
}

static void test_one_value(void **state)
{
	struct section_stat *s = calloc(1, sizeof(*s));
	double got[NR_SHARES];
	size_t i;

	(void)state;
	fixture_count(s, 123457);
	numbers_percentiles_ns(s, shares, got, NR_SHARES);
	for (i = 0; i < NR_SHARES; i++)
		assert_true(got[i] == 123457);
	assert_true(numbers_mean_ns(s) == 123457 && numbers_min_ns(s) == 123457 && numbers_max_ns(s) == 123457);
	free(s);
}

/* The kernel side updates the extremes after the buckets, so they may be missing. */
static void test_buckets_without_extremes(void **state)
{
	struct section_stat *s = calloc(1, sizeof(*s));
	double q = 0.5, got;

	(void)state;
	s->buckets[hist_place(1000)] = 7;
	numbers_percentiles_ns(s, &q, &got, 1);
	assert_true(fabs(got - 1000) <= TOLERANCE * 1000);
	free(s);
}

static void test_longer_than_the_last_place(void **state)
{
	struct section_stat *s = calloc(1, sizeof(*s));
	double got[NR_SHARES];

	(void)state;
	fixture_count(s, 1ULL << 50);
	fixture_count(s, 1ULL << 51);
	numbers_percentiles_ns(s, shares, got, NR_SHARES);
	assert_true(got[0] == 0x1p50 && got[NR_SHARES - 1] == 0x1p51);
	free(s);
}

static void test_units(void **state)
{
	(void)state;
	assert_string_equal(human_time(NAN).text, "-");
	assert_string_equal(human_time(0).text, "0 s");
	assert_string_equal(human_time(62e-9).text, "62.0 ns");
	assert_string_equal(human_time(1.8549e-7).text, "185 ns");
	assert_string_equal(human_time(1.8549999999999999e-7).text, human_time(1.8550000000000001e-7).text);
	assert_string_equal(human_time_within(2.4499999999999997, 0.1).text, human_time_within(2.4500000000000002, 0.1).text);
	assert_string_equal(human_time_within(2.4444, 0.099999999999999992).text, human_time_within(2.4444, 0.1).text);
	assert_string_equal(human_share_within(0.24444, 0.0099999999999999985).text, human_share_within(0.24444, 0.01).text);
	assert_string_equal(human_time(999.4e-9).text, "999 ns");
	assert_string_equal(human_time(999.6e-9).text, "1.00 \302\265s");
	assert_string_equal(human_time(1.234e-3).text, "1.23 ms");
	assert_string_equal(human_time(9.996e-3).text, "10.0 ms");
	assert_string_equal(human_time(45.56).text, "45.6 s");
	assert_string_equal(human_time(59.96).text, "1m00s");
	assert_string_equal(human_time(3599.7).text, "1h00m");
	assert_string_equal(human_time(7380).text, "2h03m");
	assert_string_equal(human_time(86399).text, "1d00h");
	assert_string_equal(human_time(86400 * 3.2).text, "3d05h");
	assert_string_equal(human_time(1e300).text, "1e300 s");
	assert_string_equal(human_share(0.6204).text, "62.0%");
	assert_string_equal(human_share(0.9375).text, "93.8%");
	assert_string_equal(human_share(0.9375 - 1e-10).text, "93.8%");
	assert_string_equal(human_share(0.0001).text, "<0.1%");
	assert_string_equal(human_share(0.00049999999999999993).text, human_share(0.0005).text);
	assert_string_equal(human_share(0).text, "0.0%");
	assert_string_equal(human_share(0.9996).text, "100%");
	assert_string_equal(human_share(7.5).text, "750%");
	assert_string_equal(human_size(999).text, "999 B");
	assert_string_equal(human_size(1200.0 * 1048576).text, "1.17 GiB");
	assert_string_equal(human_growth(-1200.0 * 1048576).text, "-1.17 GiB");
	assert_string_equal(human_growth(4096).text, "+4.00 KiB");
	assert_string_equal(human_growth(0).text, "0 B");
	assert_string_equal(human_growth(NAN).text, "-");
	assert_string_equal(human_count(DCBS_UNKNOWN).text, "-");
	assert_string_equal(human_count(99999).text, "99999");
	assert_string_equal(human_count(100000).text, "100k");
	assert_string_equal(human_count(INT64_MAX).text, "1e18");
	assert_string_equal(human_number(0.348).text, "0.35");
	assert_string_equal(human_number(45678.4).text, "45678");
	assert_string_equal(human_exact(1234567).text, "1,234,567");
	assert_string_equal(human_exact(123).text, "123");
	assert_string_equal(human_exact(INT64_MAX).text, "9,223,372,036,854,775,807");
	assert_string_equal(human_tight(human_time(1.234e-3)).text, "1.23ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles), cmocka_unit_test(test_nothing_recorded),
		cmocka_unit_test(test_one_value), cmocka_unit_test(test_buckets_without_extremes),
		cmocka_unit_test(test_longer_than_the_last_place), cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
