// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* rules.c - planted waits and work give the right verdict with evidence and advice; a healthy target gives none. */
#include "sampled_stacks.h"
#include "verdict.h"

static void expect_none(struct snapshot *snap)
{
	struct dcbs_report *r = verdict_report(snap);

	if (r->nr_bottlenecks)
		fail_msg("%s: %s", r->bottlenecks[0].section, r->bottlenecks[0].evidence);
	dcbs_report_free(r);
}

static void expect_wait(enum cause cause, enum dcbs_cause verdict, const char *evidence, const char *advice)
{
	struct snapshot *snap = verdict_target();

	verdict_add_wait(snap, cause, 7 * SEC);
	verdict_expect(snap, verdict, evidence, advice);
}

/* ---- one cause each ---- */

static void test_waits(void **state)
{
	(void)state;
	expect_wait(CAUSE_RUNQUEUE, DCBS_CAUSE_RUNQUEUE, "free CPU 7.00 s of 10.0 s (70.0%); ran 3.00 s; then computing", "see which other processes run");
	expect_wait(CAUSE_GIL, DCBS_CAUSE_GIL, "(GIL) 7.00 s of 10.0 s (70.0%); ran 3.00 s", "into processes");
	expect_wait(CAUSE_LOCK, DCBS_CAUSE_LOCK, "7.00 s of 10.0 s (70.0%); ran 3.00 s", "hold the lock for less");
	expect_wait(CAUSE_DISK, DCBS_CAUSE_DISK, "read or write files 7.00 s of 10.0 s (70.0%); 70.0 ms a call", "page cache");
	expect_wait(CAUSE_SYNC, DCBS_CAUSE_DISK, "(fsync) 7.00 s", "less often");
	expect_wait(CAUSE_NETWORK, DCBS_CAUSE_NETWORK, "100 calls, mean 100 ms, p99 100 ms", "batches");
	expect_wait(CAUSE_SLEEP, DCBS_CAUSE_SLEEP, "sleeping 7.00 s of 10.0 s (70.0%); 70.0 ms a call", "polling");
	expect_wait(CAUSE_GPU, DCBS_CAUSE_GPU, "the GPU 7.00 s", ".item()");
	expect_wait(CAUSE_PIPE, DCBS_CAUSE_OTHER, "a pipe 7.00 s", "DataLoader");
	expect_wait(CAUSE_CHILD, DCBS_CAUSE_OTHER, "child process to end 7.00 s", "collect it later");
	expect_wait(CAUSE_THROTTLED, DCBS_CAUSE_THROTTLED, "CPU quota 7.00 s of 10.0 s (70.0%); ran 3.00 s", "raise the quota");
	expect_wait(CAUSE_STOPPED, DCBS_CAUSE_OTHER, "stopped by a signal", "who stops it");
}

static void test_other_waits_have_no_advice(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	verdict_add_wait(snap, CAUSE_OTHER, 7 * SEC);
	r = verdict_report(snap);
	assert_true(r->nr_bottlenecks == 1 && r->bottlenecks[0].cause == DCBS_CAUSE_OTHER && !r->bottlenecks[0].suggestion);
	dcbs_report_free(r);
}

static void test_computing(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_RUNQUEUE, 400 * MS);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing 9.60 s of 10.0 s (96.0%); no other thread ran for it; 100 calls", "calling thread alone");
	snap = verdict_target();
	snap->sections[0]->ledger.worker_ns = 8 * SEC;
	verdict_expect(snap, DCBS_CAUSE_CPU, "its worker threads ran 8.00 s besides", "several threads");
}

static void test_major_faults(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_FAULT, 6 * SEC);
	snap->sections[0]->ledger.memory.major = 3000;
	snap->sections[0]->ledger.memory.file = snap->sections[0]->ledger.self_memory.file = 400 * MIB;
	snap->sections[0]->ledger.memory.grown = snap->sections[0]->ledger.self_memory.grown = 400 * MIB;
	verdict_expect(snap, DCBS_CAUSE_FAULT, "3,000 major faults, 2.00 ms each", "without mmap");
}

/* ---- which of several ---- */

/* Two threads that compete for a lock each compute half of their time: the verdict is the wait. */
static void test_half_of_the_time(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_GIL, 4800 * MS);
	verdict_expect(snap, DCBS_CAUSE_GIL, "computing 5.20 s (52.0%), waiting for the interpreter lock (GIL) 4.80 s of 10.0 s (48.0%)", "processes");
	snap = verdict_target();
	verdict_add_wait(snap, CAUSE_GIL, 4 * SEC);
	verdict_expect(snap, DCBS_CAUSE_CPU, "then waiting for the interpreter lock (GIL) (40.0%)", "");
}

static void test_no_cause_stands_out(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_LOCK, 3300 * MS);
	verdict_add_wait(snap, CAUSE_NETWORK, 3600 * MS);
	verdict_expect(snap, DCBS_CAUSE_NETWORK, "(36.0%); 36.0 ms a call; then waiting for other threads (a lock, a condition, a join) (33.0%)", "");
}

/* Reading and syncing are one cause; the larger of them gives the text. */
static void test_parts_of_one_cause(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_DISK, 2 * SEC);
	verdict_add_wait(snap, CAUSE_SYNC, 2500 * MS);
	verdict_add_wait(snap, CAUSE_LOCK, 3 * SEC);
	verdict_expect(snap, DCBS_CAUSE_DISK, "(fsync) 2.50 s of 10.0 s (25.0%)", "batches");
}

static void test_wait_for_own_workers(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_LOCK, 8 * SEC);
	snap->sections[0]->ledger.worker_ns = 7 * SEC;
	verdict_expect(snap, DCBS_CAUSE_LOCK, "threads it woke ran 7.00 s for it", "");
}

static void test_mostly_inside(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	fixture_call(fixture_section(snap, "outer", DCBS_NAME_SECTION), 10010 * MS, 10 * MS);
	struct dcbs_report *r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_string_equal(r->bottlenecks[0].section, "work");
	dcbs_report_free(r);
}

/* A section of another thread, which samples show in another section, does not stand for one that is mostly in short sections. */
static void test_inside_another_section(void **state)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 frame = stacks_frame(snap, "f", "f.py", 1, true);
	struct dcbs_report *r;

	(void)state;
	fixture_call(fixture_section(snap, "serve", DCBS_NAME_SECTION), 9 * SEC, SEC / 10);
	fixture_call(fixture_section(snap, "train", DCBS_NAME_SECTION), 8 * SEC, SEC / 10);
	fixture_call(fixture_section(snap, "step", DCBS_NAME_SECTION), 7 * SEC, 7 * SEC);
	snap->wall_known = true;
	stacks_within(stacks_ran(STACK(snap, stacks_section(snap, "step"), frame), 9), stacks_section(snap, "train"));
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	assert_string_equal(r->bottlenecks[0].section, "serve");
	assert_string_equal(r->bottlenecks[1].section, "step");
	dcbs_report_free(r);
}

/* Sections inside that are below the threshold are not judged, so the one around them is. */
static void test_mostly_inside_short_ones(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;
	char name[DCBS_NAME_BYTES] = "";
	int i;

	(void)state;
	snap->wall_known = true;
	fixture_call(fixture_section(snap, "outer", DCBS_NAME_SECTION), 10010 * MS, 10 * MS);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "in %d", i);
		fixture_call(fixture_section(snap, name, DCBS_NAME_SECTION), 500 * MS, 500 * MS);
	}
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_string_equal(r->bottlenecks[0].section, "outer");
	verdict_check_text(r->bottlenecks[0].evidence, "mostly in sections inside it");
	dcbs_report_free(r);
}

static void add_neighbour(struct snapshot *snap, pid_t pid, const char *comm, __u64 ns)
{
	struct snapshot_neighbour *n;

	if (!snap->neighbours)
		snap->neighbours = calloc(4, sizeof(*snap->neighbours));
	assert_non_null(snap->neighbours);
	n = &snap->neighbours[snap->nr_neighbours++];
	n->pid = pid;
	n->ns = ns;
	snprintf(n->comm, sizeof(n->comm), "%s", comm);
}

/* Fewer threads help only if it is the target's own threads that had the CPU. */
static void test_who_had_the_cpu(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_wait(snap, CAUSE_RUNQUEUE, 7 * SEC);
	add_neighbour(snap, 4711, "cc1", 6 * SEC);
	add_neighbour(snap, 4712, "ld", 1 * SEC);
	snap->counters.neighbours_ns = 10 * SEC;
	verdict_expect(snap, DCBS_CAUSE_RUNQUEUE, "the CPU had: cc1 4711 60.0%, ld 4712 10.0%", "other processes have the CPU");
	snap = verdict_target();
	fixture_target(snap, 4242, "python3", "python3 eval.py");
	verdict_add_wait(snap, CAUSE_RUNQUEUE, 7 * SEC);
	add_neighbour(snap, 4242, "python3", 9 * SEC);
	add_neighbour(snap, 4712, "ld", 1 * SEC);
	verdict_expect(snap, DCBS_CAUSE_RUNQUEUE, "python3 4242 90.0% (its own threads)", "fewer compute threads");
}

/* A thread that spins for work is never woken for a section. It is not denied. */
static void test_pool_that_spins(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	fixture_thread(snap, 4243, "pool", 10 * SEC);
	r = verdict_report(snap);
	verdict_check(r, 0, DCBS_CAUSE_CPU, "threads without a section ran 10.0 s in the window, and may have worked for it", "OMP_WAIT_POLICY");
	assert_string_equal(r->bottlenecks[0].section, "work");
	dcbs_report_free(r);
}

static void test_cannot_tell(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	snap->wall_known = false;
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_true(r->bottlenecks[0].cause == DCBS_CAUSE_UNKNOWN && !r->bottlenecks[0].suggestion);
	assert_string_equal(r->bottlenecks[0].evidence, "100 calls, mean 100 ms, p99 100 ms");
	dcbs_report_free(r);
}

/* ---- outside of sections ---- */

/* A pool of threads that wait for work is no verdict. */
static void test_idle_pool(void **state)
{
	struct snapshot *snap = verdict_target();
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		fixture_thread_off(fixture_thread(snap, 5000 + i, "pool", 10 * SEC), CAUSE_LOCK, 10 * SEC - MS);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing", "");
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
		fixture_call(fixture_section(snap, "short", DCBS_NAME_SECTION), 100 * MS, 100 * MS);
	fixture_thread_off(t, CAUSE_NETWORK, 59 * SEC);	/* a server's loop */
	fixture_growth(&snap->outside, 3 << 20, 700);
	expect_none(snap);
}

static void test_main_thread_waits_for_workers(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	fixture_thread_off(fixture_thread(snap, 4243, "waits", 10 * SEC), CAUSE_LOCK, 7 * SEC);
	snap->threads[1].sections = true;
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	verdict_check(r, 0, DCBS_CAUSE_CPU, "computing 10.0 s", "");
	verdict_check(r, 1, DCBS_CAUSE_CPU, "computing 3.00 s of 3.00 s (100%); waiting for others is not", "make sections");
	assert_string_equal(r->bottlenecks[1].section, DCBS_OUTSIDE);
	assert_true(r->bottlenecks[1].total_s < 3.01);
	dcbs_report_free(r);
}

/* Many causes outside of sections, each below the threshold, are no verdict. */
static void test_nothing_clear_outside(void **state)
{
	struct snapshot *snap = verdict_target();
	struct snapshot_thread *t = fixture_thread(snap, 4243, "mixed", 10 * SEC);

	(void)state;
	t->sections = true;
	fixture_thread_off(t, CAUSE_SLEEP, 8 * SEC);
	fixture_thread_off(t, CAUSE_DISK, 900 * MS);
	fixture_thread_off(t, CAUSE_FAULT, 900 * MS);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing 10.0 s", "");
}

/* Without sections all active threads are judged, but not the main thread that waits for them. */
static void test_unmarked(void **state)
{
	struct dcbs_report *r = verdict_report(fixture_unmarked());

	(void)state;
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_string_equal(r->bottlenecks[0].section, DCBS_OUTSIDE);
	verdict_check(r, 0, DCBS_CAUSE_LOCK, "47.0 s of 2m08s", "");
	dcbs_report_free(r);
}

static void test_unmarked_that_only_sleeps(void **state)
{
	struct snapshot *snap = fixture_empty();

	(void)state;
	snap->wall_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 20 * SEC), CAUSE_SLEEP, 20 * SEC);
	fixture_thread_off(fixture_thread(snap, 4243, "spare", 20 * SEC), CAUSE_LOCK, 20 * SEC);
	verdict_expect(snap, DCBS_CAUSE_SLEEP, "sleeping 20.0 s of 20.0 s (100%)", "polling");
}

static void test_cache_with_sizes(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *cache = fixture_section(snap, "cache", DCBS_NAME_CACHE);
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		fixture_count(&cache->stat, 200 * MS);
	cache->stat.hits = 2;
	cache->stat.sizes = 1;
	cache->stat.size_last = 10 * MIB;
	cache->stat.size_max = 12 * MIB;
	verdict_expect(snap, DCBS_CAUSE_CACHE, "18 of 20 accesses missed (hit rate 10.0%) and took at least this time; it holds 10.0 MiB, at most 12.0 MiB",
		       "hold more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits), cmocka_unit_test(test_other_waits_have_no_advice),
		cmocka_unit_test(test_computing), cmocka_unit_test(test_major_faults),
		cmocka_unit_test(test_half_of_the_time), cmocka_unit_test(test_no_cause_stands_out),
		cmocka_unit_test(test_parts_of_one_cause), cmocka_unit_test(test_wait_for_own_workers),
		cmocka_unit_test(test_mostly_inside), cmocka_unit_test(test_inside_another_section),
		cmocka_unit_test(test_mostly_inside_short_ones),
		cmocka_unit_test(test_who_had_the_cpu), cmocka_unit_test(test_pool_that_spins), cmocka_unit_test(test_cannot_tell),
		cmocka_unit_test(test_idle_pool), cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_main_thread_waits_for_workers), cmocka_unit_test(test_nothing_clear_outside),
		cmocka_unit_test(test_unmarked), cmocka_unit_test(test_unmarked_that_only_sleeps),
		cmocka_unit_test(test_cache_with_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
