// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* rules.c - planted causes: the right verdict first, with figures and advice, and none where nothing is wrong. */
#include "analyse/verdict/bottleneck.h"
#include "analyse/report.h"
#include "fixture.h"

#define MIB (1ULL << 20)

/* A target with one section of 100 calls of 100 ms each on its main thread, and all of its time in it. */
static struct snapshot *target(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *row = fixture_row(snap, "work", DCBS_NAME_SECTION);
	struct snapshot_thread *t = fixture_thread(snap, 4242, "main", 10 * SEC);
	int i;

	for (i = 0; i < 100; i++)
		fixture_call(row, 100 * MS, 100 * MS);
	t->sections = true;
	snap->wall_known = snap->memory_known = true;
	return snap;
}

static void wait_for(struct snapshot *snap, enum cause cause, __u64 ns)
{
	fixture_off(snap->sections[0], cause, ns, ns);
	snap->threads[0].sum.off_ns[cause] += ns;
	snap->threads[0].sum.cpu_ns -= ns;
}

static void grow(struct snapshot *snap, __u64 bytes, __u64 faults, int calls)
{
	int i;

	for (i = 0; i < calls; i++)
		fixture_growth(&snap->sections[0]->ledger, bytes, faults);
}

static struct dcbs_report *judge(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static void holds(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("no \"%s\" in: %s", words, text ? text : "(none)");
}

/* Row n of the verdicts. */
static void check_row(const struct dcbs_report *r, size_t n, enum dcbs_cause cause, const char *evidence,
		      const char *advice)
{
	assert_true(n < r->nr_bottlenecks);
	if (r->bottlenecks[n].cause != cause)
		fail_msg("cause %d instead of %d: %s", r->bottlenecks[n].cause, cause, r->bottlenecks[n].evidence);
	holds(r->bottlenecks[n].evidence, evidence);
	holds(r->bottlenecks[n].suggestion, advice);
}

/* The only verdict. */
static void expect(struct snapshot *snap, enum dcbs_cause cause, const char *evidence, const char *advice)
{
	struct dcbs_report *r = judge(snap);

	assert_int_equal(r->nr_bottlenecks, 1);
	check_row(r, 0, cause, evidence, advice);
	dcbs_report_free(r);
}

static void expect_none(struct snapshot *snap)
{
	struct dcbs_report *r = judge(snap);

	if (r->nr_bottlenecks)
		fail_msg("%s: %s", r->bottlenecks[0].section, r->bottlenecks[0].evidence);
	dcbs_report_free(r);
}

static void expect_wait(enum cause cause, enum dcbs_cause verdict, const char *evidence, const char *advice)
{
	struct snapshot *snap = target();

	wait_for(snap, cause, 7 * SEC);
	expect(snap, verdict, evidence, advice);
}

/* ---- one cause each ---- */

static void test_waits(void **state)
{
	(void)state;
	expect_wait(CAUSE_RUNQUEUE, DCBS_CAUSE_RUNQUEUE, "free CPU 7.00 s of 10.0 s (70.0%); ran 3.00 s; then computing", "OMP_NUM_THREADS");
	expect_wait(CAUSE_GIL, DCBS_CAUSE_GIL, "(GIL) 7.00 s of 10.0 s (70.0%); ran 3.00 s", "into processes");
	expect_wait(CAUSE_LOCK, DCBS_CAUSE_LOCK, "7.00 s of 10.0 s (70.0%); ran 3.00 s", "hold the lock for less");
	expect_wait(CAUSE_DISK, DCBS_CAUSE_DISK, "read or write files 7.00 s of 10.0 s (70.0%); 70.0 ms a call", "page cache");
	expect_wait(CAUSE_SYNC, DCBS_CAUSE_DISK, "(fsync) 7.00 s", "less often");
	expect_wait(CAUSE_NETWORK, DCBS_CAUSE_NETWORK, "100 calls, mean 100 ms, p99 100 ms", "batches");
	expect_wait(CAUSE_SLEEP, DCBS_CAUSE_SLEEP, "sleeping 7.00 s of 10.0 s (70.0%); 70.0 ms a call", "polling");
	expect_wait(CAUSE_GPU, DCBS_CAUSE_GPU, "the GPU 7.00 s", ".item()");
	expect_wait(CAUSE_PIPE, DCBS_CAUSE_OTHER, "a pipe 7.00 s", "DataLoader");
	expect_wait(CAUSE_CHILD, DCBS_CAUSE_OTHER, "child process to end 7.00 s", "collect it later");
	expect_wait(CAUSE_STOPPED, DCBS_CAUSE_OTHER, "stopped by a signal", "who stops it");
}

static void test_other_waits_have_no_advice(void **state)
{
	struct snapshot *snap = target();
	struct dcbs_report *r;

	(void)state;
	wait_for(snap, CAUSE_OTHER, 7 * SEC);
	r = judge(snap);
	assert_true(r->nr_bottlenecks == 1 && r->bottlenecks[0].cause == DCBS_CAUSE_OTHER && !r->bottlenecks[0].suggestion);
	dcbs_report_free(r);
}

static void test_computing(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_RUNQUEUE, 400 * MS);
	expect(snap, DCBS_CAUSE_CPU, "computing 9.60 s of 10.0 s (96.0%); no other thread ran for it; 100 calls", "calling thread alone");
	snap = target();
	snap->sections[0]->ledger.worker_ns = 8 * SEC;
	expect(snap, DCBS_CAUSE_CPU, "its worker threads ran 8.00 s besides", "several threads");
}

static void test_major_faults(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_FAULT, 6 * SEC);
	snap->sections[0]->ledger.memory.major = 3000;
	snap->sections[0]->ledger.memory.file = snap->sections[0]->ledger.self_memory.file = 400 * MIB;
	snap->sections[0]->ledger.memory.grown = snap->sections[0]->ledger.self_memory.grown = 400 * MIB;
	expect(snap, DCBS_CAUSE_FAULT, "3,000 major faults, 2.00 ms each", "without mmap");
}

/* ---- which of several ---- */

/* Two threads that fight for a lock compute half of their time each: the wait is what is wrong. */
static void test_half_of_the_time(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_GIL, 4800 * MS);
	expect(snap, DCBS_CAUSE_GIL, "4.80 s of 10.0 s (48.0%); ran 5.20 s; then computing (52.0%)", "processes");
	snap = target();
	wait_for(snap, CAUSE_GIL, 4 * SEC);
	expect(snap, DCBS_CAUSE_CPU, "then waiting for the interpreter lock (GIL) (40.0%)", "");
}

static void test_no_cause_stands_out(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_LOCK, 3300 * MS);
	wait_for(snap, CAUSE_NETWORK, 3600 * MS);
	expect(snap, DCBS_CAUSE_NETWORK, "(36.0%); 36.0 ms a call; then waiting for other threads (a lock, a condition, a join) (33.0%)", "");
}

/* Reading and syncing are one cause, which the larger of them names. */
static void test_parts_of_one_cause(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_DISK, 2 * SEC);
	wait_for(snap, CAUSE_SYNC, 2500 * MS);
	wait_for(snap, CAUSE_LOCK, 3 * SEC);
	expect(snap, DCBS_CAUSE_DISK, "(fsync) 2.50 s of 10.0 s (25.0%)", "batches");
}

static void test_wait_for_own_workers(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	wait_for(snap, CAUSE_LOCK, 8 * SEC);
	snap->sections[0]->ledger.worker_ns = 7 * SEC;
	expect(snap, DCBS_CAUSE_LOCK, "threads it woke ran 7.00 s for it", "");
}

static void test_mostly_inside(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	fixture_call(fixture_row(snap, "outer", DCBS_NAME_SECTION), 10010 * MS, 10 * MS);
	struct dcbs_report *r = judge(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	check_row(r, 0, DCBS_CAUSE_CPU, "mostly in sections inside it", "");
	assert_string_equal(r->bottlenecks[0].section, "outer");
	dcbs_report_free(r);
}

static void test_cannot_tell(void **state)
{
	struct snapshot *snap = target();
	struct dcbs_report *r;

	(void)state;
	snap->wall_known = false;
	r = judge(snap);
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_true(r->bottlenecks[0].cause == DCBS_CAUSE_UNKNOWN && !r->bottlenecks[0].suggestion);
	assert_string_equal(r->bottlenecks[0].evidence, "100 calls, mean 100 ms, p99 100 ms");
	dcbs_report_free(r);
}

/* ---- memory ---- */

static void test_anonymous_growth(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	snap->page_touch_ns = 12000;
	grow(snap, 0, 0, 97);
	grow(snap, 800 * MIB, 204800, 3);	/* three calls allocate what they need for good */
	expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "first time: 2.34 GiB; 614,400 page faults took about 7.37 s of its 10.0 s of CPU time",
	       "use them again");
}

/* 2 MiB a fault, and clearing them is what costs. */
static void test_growth_in_huge_pages(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	grow(snap, 40960 * MIB, 20480, 1);
	expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "20,480 page faults took about 4.3", "huge pages");
}

static void test_leak(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	snap->page_touch_ns = 16000;
	grow(snap, 8 * MIB, 2048, 100);
	expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "after every call: 8.00 MiB a call, 45.1 GiB an hour; 100 of 100 calls grew, 800 MiB in all",
	       "no_grad");
}

/* Small beside what the section does: the time first, and then the leak. */
static void test_small_leak(void **state)
{
	struct snapshot *snap = target();
	struct dcbs_report *r;

	(void)state;
	grow(snap, 50000, 13, 100);
	r = judge(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	check_row(r, 0, DCBS_CAUSE_CPU, "computing", "");
	check_row(r, 1, DCBS_CAUSE_MEMORY_GROWTH, "48.8 KiB a call", "leak");
	dcbs_report_free(r);
	snap = target();
	wait_for(snap, CAUSE_SLEEP, 9 * SEC);
	grow(snap, 50000, 13, 100);
	r = judge(snap);
	check_row(r, 0, DCBS_CAUSE_SLEEP, "sleeping", "");
	check_row(r, 1, DCBS_CAUSE_MEMORY_GROWTH, "100 of 100 calls grew", "leak");
	dcbs_report_free(r);
}

/* Tens of MiB a second are worse than sleeping; and are told even if the time is below the threshold. */
static void test_large_leak(void **state)
{
	struct snapshot *snap = target();
	struct dcbs_report *r;

	(void)state;
	wait_for(snap, CAUSE_SLEEP, 9 * SEC);
	grow(snap, 2 * MIB, 512, 100);
	r = judge(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	check_row(r, 0, DCBS_CAUSE_MEMORY_GROWTH, "2.00 MiB a call", "leak");
	check_row(r, 1, DCBS_CAUSE_SLEEP, "sleeping", "");
	assert_int_equal(bottleneck_find(r, 100), 0);
	assert_int_equal(r->nr_bottlenecks, 1);
	check_row(r, 0, DCBS_CAUSE_MEMORY_GROWTH, "2.00 MiB a call", "leak");
	dcbs_report_free(r);
}

/* What one section takes and another gives back is no leak. */
static void test_given_back_elsewhere(void **state)
{
	struct snapshot *snap = target();
	struct snapshot_section *other = fixture_row(snap, "release", DCBS_NAME_SECTION);

	(void)state;
	fixture_call(other, 10 * MS, 10 * MS);
	fixture_shrink(&other->ledger, 190 * MIB);
	grow(snap, 2 * MIB, 512, 100);
	expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

/* A cache that fills, a model that warms up: a few calls grew. */
static void test_warm_up_is_no_leak(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	grow(snap, 100 * MIB, 25600, 2);
	grow(snap, 4096, 1, 60);
	expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

static void test_churn(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	snap->page_touch_ns = 700;
	grow(snap, 64 * MIB, 16384, 300);
	fixture_shrink(&snap->sections[0]->ledger, 300 * 64 * MIB);
	memset(snap->sections[0]->ledger.growth, 0, sizeof(snap->sections[0]->ledger.growth));
	expect(snap, DCBS_CAUSE_MEMORY_CHURN, "18.8 GiB came, 18.8 GiB went; 4,915,200 page faults took about 4.45 s", "MALLOC_TRIM_THRESHOLD_");
}

/* The same pages in a section that computes ten times as long. */
static void test_churn_that_costs_little(void **state)
{
	struct snapshot *snap = target();

	(void)state;
	grow(snap, 64 * MIB, 16384, 10);
	fixture_shrink(&snap->sections[0]->ledger, 10 * 64 * MIB);
	expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

/* ---- outside of sections ---- */

/* A pool of threads that wait for work, beside a section that computes. */
static void test_idle_pool(void **state)
{
	struct snapshot *snap = target();
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		fixture_thread_off(fixture_thread(snap, 5000 + i, "pool", 10 * SEC), CAUSE_LOCK, 10 * SEC - MS);
	expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

static void test_healthy(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_thread *t = fixture_thread(snap, 4242, "main", 60 * SEC);
	int i;

	(void)state;
	snap->wall_known = snap->memory_known = true;
	t->sections = true;
	for (i = 0; i < 8; i++)
		fixture_call(fixture_row(snap, "short", DCBS_NAME_SECTION), 100 * MS, 100 * MS);
	fixture_thread_off(t, CAUSE_NETWORK, 59 * SEC);	/* a server's loop */
	fixture_growth(&snap->outside, 3 << 20, 700);
	expect_none(snap);
}

static void test_main_thread_waits_for_workers(void **state)
{
	struct snapshot *snap = target();
	struct dcbs_report *r;

	(void)state;
	fixture_thread_off(fixture_thread(snap, 4243, "waits", 10 * SEC), CAUSE_LOCK, 7 * SEC);
	snap->threads[1].sections = true;
	r = judge(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	check_row(r, 0, DCBS_CAUSE_CPU, "computing 10.0 s", "");
	check_row(r, 1, DCBS_CAUSE_CPU, "computing 3.00 s of 3.00 s (100%); waiting for others is not", "make sections");
	assert_string_equal(r->bottlenecks[1].section, BOTTLENECK_OUTSIDE);
	assert_true(r->bottlenecks[1].total_s < 3.01);
	dcbs_report_free(r);
}

/* A bit of everything outside of sections, none of it over the threshold. */
static void test_nothing_clear_outside(void **state)
{
	struct snapshot *snap = target();
	struct snapshot_thread *t = fixture_thread(snap, 4243, "mixed", 10 * SEC);

	(void)state;
	t->sections = true;
	fixture_thread_off(t, CAUSE_SLEEP, 8 * SEC);
	fixture_thread_off(t, CAUSE_DISK, 900 * MS);
	fixture_thread_off(t, CAUSE_FAULT, 900 * MS);
	expect(snap, DCBS_CAUSE_CPU, "computing 10.0 s", "");
}

/* Without sections every thread that does something is judged, and the main thread that waits for them is not. */
static void test_unmarked(void **state)
{
	struct dcbs_report *r = judge(fixture_unmarked());

	(void)state;
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_string_equal(r->bottlenecks[0].section, BOTTLENECK_OUTSIDE);
	check_row(r, 0, DCBS_CAUSE_LOCK, "47.0 s of 2m08s", "");
	dcbs_report_free(r);
}

static void test_unmarked_that_only_sleeps(void **state)
{
	struct snapshot *snap = fixture_empty();

	(void)state;
	snap->wall_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 20 * SEC), CAUSE_SLEEP, 20 * SEC);
	fixture_thread_off(fixture_thread(snap, 4243, "spare", 20 * SEC), CAUSE_LOCK, 20 * SEC);
	expect(snap, DCBS_CAUSE_SLEEP, "sleeping 20.0 s of 20.0 s (100%)", "polling");
}

static void test_unmarked_that_grows(void **state)
{
	struct snapshot *snap = fixture_empty();

	(void)state;
	snap->wall_known = snap->memory_known = true;
	snap->page_touch_ns = 2000;
	fixture_thread(snap, 4242, "main", 2 * SEC);
	fixture_growth(&snap->outside, 2048 * MIB, 524288);
	expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "2.00 GiB; 524,288 page faults took about 1.05 s", "huge pages");
}

static void test_cache_tells_its_size(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *cache = fixture_row(snap, "cache", DCBS_NAME_CACHE);
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		fixture_count(&cache->stat, 200 * MS);
	cache->stat.hits = 2;
	cache->stat.sizes = 1;
	cache->stat.size_last = 10 * MIB;
	cache->stat.size_max = 12 * MIB;
	expect(snap, DCBS_CAUSE_CACHE, "18 of 20 accesses missed (hit rate 10.0%) and took at least this time; it holds 10.0 MiB, at most 12.0 MiB",
	       "hold more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits), cmocka_unit_test(test_other_waits_have_no_advice),
		cmocka_unit_test(test_computing), cmocka_unit_test(test_major_faults),
		cmocka_unit_test(test_half_of_the_time), cmocka_unit_test(test_no_cause_stands_out),
		cmocka_unit_test(test_parts_of_one_cause), cmocka_unit_test(test_wait_for_own_workers),
		cmocka_unit_test(test_mostly_inside), cmocka_unit_test(test_cannot_tell),
		cmocka_unit_test(test_anonymous_growth), cmocka_unit_test(test_growth_in_huge_pages),
		cmocka_unit_test(test_leak), cmocka_unit_test(test_small_leak), cmocka_unit_test(test_large_leak),
		cmocka_unit_test(test_given_back_elsewhere), cmocka_unit_test(test_warm_up_is_no_leak),
		cmocka_unit_test(test_churn), cmocka_unit_test(test_churn_that_costs_little),
		cmocka_unit_test(test_idle_pool), cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_main_thread_waits_for_workers), cmocka_unit_test(test_nothing_clear_outside),
		cmocka_unit_test(test_unmarked), cmocka_unit_test(test_unmarked_that_only_sleeps),
		cmocka_unit_test(test_unmarked_that_grows), cmocka_unit_test(test_cache_tells_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
