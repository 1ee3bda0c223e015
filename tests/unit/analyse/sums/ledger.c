// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ledger.c - the parts of time and of memory add up to the whole: of sections, of threads and outside of sections. */
#include "analyse/verdict/bottleneck.h"
#include "analyse/sums/ledger.h"
#include "analyse/report.h"
#include "fixture.h"

#define near(a, b) assert_true(fabs((double)(a) - (double)(b)) <= 1e-9 * (1 + fabs((double)(b))))

static struct dcbs_report *build_report(const struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	return r;
}

static double add_parts(const struct dcbs_wall *w)
{
	return w->cpu_s + w->runqueue_s + w->throttled_s + w->steal_s + w->gil_s + w->lock_s + w->disk_s + w->network_s + w->fault_s +
	       w->sleep_s + w->gpu_s + w->other_s + w->await_s;
}

/* ---- wall time ---- */

static void test_every_cause_has_its_place(void **state)
{
	static const size_t fields[] = {
		[CAUSE_RUNQUEUE] = offsetof(struct dcbs_wall, runqueue_s), [CAUSE_GIL] = offsetof(struct dcbs_wall, gil_s),
		[CAUSE_LOCK] = offsetof(struct dcbs_wall, lock_s), [CAUSE_DISK] = offsetof(struct dcbs_wall, disk_s),
		[CAUSE_SYNC] = offsetof(struct dcbs_wall, sync_s), [CAUSE_NETWORK] = offsetof(struct dcbs_wall, network_s),
		[CAUSE_FAULT] = offsetof(struct dcbs_wall, fault_s), [CAUSE_SLEEP] = offsetof(struct dcbs_wall, sleep_s),
		[CAUSE_GPU] = offsetof(struct dcbs_wall, gpu_s), [CAUSE_PIPE] = offsetof(struct dcbs_wall, pipe_s),
		[CAUSE_CHILD] = offsetof(struct dcbs_wall, child_s), [CAUSE_STOPPED] = offsetof(struct dcbs_wall, stopped_s),
		[CAUSE_OTHER] = offsetof(struct dcbs_wall, other_s), [CAUSE_THROTTLED] = offsetof(struct dcbs_wall, throttled_s),
		[CAUSE_STEAL] = offsetof(struct dcbs_wall, steal_s), [CAUSE_STEAL + 1] = offsetof(struct dcbs_wall, other_s),
	};
	struct dcbs_wall w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		__u64 off[CAUSES] = {0};

		off[i] = 3 * SEC;
		ledger_wall(&w, off, 2e9, 10e9);
		near(*(double *)((char *)&w + fields[i]), 3);
		near(w.cpu_s, 7);
		near(w.worker_cpu_s, 2);
		near(add_parts(&w), 10);
		assert_true(w.residue_s == 0);
	}
}

static void test_residue(void **state)
{
	__u64 off[CAUSES] = {[CAUSE_LOCK] = 6 * SEC, [CAUSE_SYNC] = 5 * SEC};
	struct dcbs_wall w;

	(void)state;
	ledger_wall(&w, off, 0, 10e9);
	assert_true(w.cpu_s == 0);
	near(w.residue_s, -1);
	near(add_parts(&w) + w.residue_s, 10);
	near(w.disk_s, 5);
}

static void test_unknown(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = build_report(snap);
	const struct dcbs_section *s = dcbs_report_section(r, "forward_pass");

	(void)state;
	assert_true(isnan(s->wall.cpu_s) && isnan(s->wall.residue_s) && isnan(s->wall.stopped_s));
	assert_true(isnan(s->self_wall.gil_s) && s->memory.rss_delta_bytes == DCBS_UNKNOWN);
	assert_true(s->memory.unmapped_bytes == DCBS_UNKNOWN && s->self_memory.major_faults == DCBS_UNKNOWN);
	assert_true(s->growth.calls == DCBS_UNKNOWN && isnan(s->faults.p99));
	assert_null(dcbs_report_section(r, DCBS_OUTSIDE));
	assert_true(isnan(r->ledger_cpu_s) && isnan(r->kernel_cpu_s) && isnan(r->page_touch_s));
	assert_true(r->sections_bytes == DCBS_UNKNOWN && r->unexplained_bytes == DCBS_UNKNOWN);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_sections_close(void **state)
{
	struct snapshot *snap = fixture_measured();
	struct dcbs_report *r = build_report(snap);
	size_t i;

	(void)state;
	assert_int_equal(r->nr_sections, 8);
	for (i = 0; i < r->nr_sections; i++) {
		near(add_parts(&r->sections[i].wall) + r->sections[i].wall.residue_s, r->sections[i].total_s);
		near(add_parts(&r->sections[i].self_wall) + r->sections[i].self_wall.residue_s, r->sections[i].self_s);
	}
	near(dcbs_report_section(r, "forward_pass")->wall.worker_cpu_s, 11);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* ---- flows ---- */

/* A section that was open for 20 s in coroutines and for 5 s on a thread itself. */
static struct snapshot_section *add_flow_section(struct snapshot *snap)
{
	struct snapshot_section *s = fixture_section(snap, "request", DCBS_NAME_SECTION);

	fixture_call(s, 20 * SEC, 20 * SEC);
	fixture_call(s, 5 * SEC, 5 * SEC);
	s->stat.flow_total_ns = s->stat.flow_self_ns = 20 * SEC;
	s->ledger.off_ns[CAUSE_DISK] = s->ledger.self_off_ns[CAUSE_DISK] = 4 * SEC;
	s->ledger.flow_off_ns = s->ledger.self_flow_off_ns = 3 * SEC;
	s->ledger.flow_run_ns = s->ledger.self_flow_run_ns = 2 * SEC;
	s->ledger.flow_run_us2 = 250000000000;
	return s;
}

/* In flows the rest is no running time: 20 s less 3 s of waits less 2 s at ticks. On the thread itself 5 s less 1 s ran. */
static void test_flows_await(void **state)
{
	struct snapshot *snap = fixture_empty();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	snap->wall_known = true;
	fixture_thread(snap, 4242, "main", 30 * SEC);
	add_flow_section(snap);
	r = build_report(snap);
	s = dcbs_report_section(r, "request");
	near(s->wall.await_s, 15);
	near(s->wall.cpu_s, 6);
	near(s->wall.disk_s, 4);
	near(add_parts(&s->self_wall), 25);
	near(s->cpu_error_s, 0.5);
	near(s->in_flight, 25 / ((double)(snap->end_ns - snap->start_ns) / SEC));
	near(dcbs_report_section(r, DCBS_OUTSIDE)->total_s, 30 - 25 + 15);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* Ticks may stand for more time than there was. A section without a tick has an error nevertheless. */
static void test_flows_run_no_longer_than_they_were_open(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = add_flow_section(snap);
	double await_ns;

	(void)state;
	facts->ledger.flow_run_ns = 30 * SEC;
	near(ledger_cpu_ns(facts, false, &await_ns), 21.0 * SEC);
	near(await_ns, 0);
	snapshot_free(snap);
}

/* ---- threads, and outside of sections ---- */

static void test_outside(void **state)
{
	struct snapshot *snap = fixture_measured();
	struct dcbs_report *r = build_report(snap);
	const struct dcbs_section *s = &r->sections[r->nr_sections - 1];
	double self_s = 0;
	size_t i;

	(void)state;
	assert_string_equal(s->name, DCBS_OUTSIDE);
	for (i = 0; i + 1 < r->nr_sections; i++)
		self_s += r->sections[i].self_s;
	near(s->total_s, 2 * 62.4 - self_s - 11);
	near(s->self_s, s->total_s);
	near(s->wall.lock_s, 48);
	near(s->wall.network_s, 0);
	assert_true(s->count == DCBS_UNKNOWN && isnan(s->mean_s) && isnan(s->p999_s));
	assert_true(s->growth.calls == DCBS_UNKNOWN && s->memory.rss_delta_bytes == 12 << 20);
	assert_true(s->self_memory.minor_faults == 3000);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* Self times are read later than the threads' times and may exceed them. Then the waits outside of sections remain. */
static void test_outside_is_no_less_than_its_waits(void **state)
{
	struct snapshot *snap = fixture_empty();
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	snap->wall_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 10 * SEC), CAUSE_PIPE, 2 * SEC);
	fixture_call(fixture_section(snap, "a", DCBS_NAME_SECTION), 9 * SEC, 9 * SEC);
	r = build_report(snap);
	s = dcbs_report_section(r, DCBS_OUTSIDE);
	near(s->total_s, 2);
	near(s->wall.other_s, 2);
	assert_true(s->wall.cpu_s == 0 && s->wall.residue_s == 0);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static const struct dcbs_thread *find_thread(const struct dcbs_report *r, pid_t tid)
{
	size_t i;

	for (i = 0; i < r->nr_threads; i++)
		if (r->threads[i].tid == tid)
			return &r->threads[i];
	fail_msg("no thread %d", (int)tid);
	return NULL;
}

static void test_threads(void **state)
{
	struct snapshot *snap = fixture_measured();
	struct dcbs_report *r = build_report(snap);
	size_t i;

	(void)state;
	assert_int_equal(r->nr_threads, 4);
	for (i = 0; i < r->nr_threads; i++) {
		near(add_parts(&r->threads[i].wall), r->threads[i].wall_s);
		assert_true(!i || r->threads[i].wall.cpu_s <= r->threads[i - 1].wall.cpu_s);
	}
	assert_int_equal(r->threads[0].tid, 4242);
	near(r->threads[0].kernel_cpu_s, 40);
	near(r->ledger_cpu_s, 40.1 + 13.5 + 0.01);
	near(r->kernel_cpu_s, 40 + 13.5 + 0.01);
	assert_true(!find_thread(r, 4242)->idle && !find_thread(r, 4250)->idle);
	assert_true(find_thread(r, 4251)->idle && find_thread(r, 4252)->idle);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_idle_threads(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;

	(void)state;
	snap->wall_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 10 * SEC), CAUSE_SLEEP, 10 * SEC);
	fixture_thread_off(fixture_thread(snap, 0, "ended", 10 * SEC), CAUSE_LOCK, 10 * SEC);
	fixture_thread_off(fixture_thread(snap, 1, "reader", 10 * SEC), CAUSE_DISK, 10 * SEC);
	fixture_thread_off(fixture_thread(snap, 2, "section", 10 * SEC), CAUSE_LOCK, 10 * SEC);
	snap->threads[3].sections = true;
	fixture_thread_off(fixture_thread(snap, 3, "busy", 10 * SEC), CAUSE_LOCK, 9850 * MS);
	fixture_thread_off(fixture_thread(snap, 4, "spare", 10 * SEC), CAUSE_LOCK, 9950 * MS);
	r = build_report(snap);
	assert_true(find_thread(r, 4)->idle);
	assert_false(find_thread(r, 4242)->idle || find_thread(r, 0)->idle || find_thread(r, 1)->idle);
	assert_false(find_thread(r, 2)->idle || find_thread(r, 3)->idle);
	near(dcbs_report_section(r, DCBS_OUTSIDE)->total_s, 50);
	dcbs_report_free(r);
	snap->wall_known = false;
	r = build_report(snap);
	assert_true(isnan(r->threads[0].wall_s) && isnan(r->threads[0].wall.cpu_s) && !find_thread(r, 4)->idle);
	near(r->kernel_cpu_s, 0.2);
	assert_true(isnan(r->ledger_cpu_s));
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* ---- memory ---- */

static void test_memory_closes(void **state)
{
	struct snapshot *snap = fixture_measured();
	struct dcbs_report *r = build_report(snap);
	int64_t sum = 0;
	size_t i;

	(void)state;
	for (i = 0; i + 1 < r->nr_sections; i++)
		sum += r->sections[i].self_memory.rss_delta_bytes;
	assert_int_equal(r->sections_bytes, sum);
	assert_int_equal(r->outside_bytes, 12 << 20);
	assert_int_equal(r->others_bytes, -(9 << 20));
	assert_int_equal(r->sections_bytes + r->outside_bytes + r->others_bytes + r->unexplained_bytes,
			 r->rss_end_bytes - r->rss_start_bytes);
	assert_int_equal(dcbs_report_section(r, "cluster_token_embeddings")->memory.rss_delta_bytes, -412 * 1053000LL);
	assert_true(dcbs_report_section(r, "forward_pass")->memory.peak_delta_bytes == 32 << 20);
	assert_true(dcbs_report_section(r, "forward_pass")->self_memory.peak_delta_bytes == DCBS_UNKNOWN);
	dcbs_report_free(r);
	snap->rss_end_bytes = DCBS_UNKNOWN;
	r = build_report(snap);
	assert_true(r->unexplained_bytes == DCBS_UNKNOWN && r->outside_bytes == 12 << 20);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* ---- distributions ---- */

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static void check_spread(__u64 *values, size_t n)
{
	static const double q[] = {0.5, 0.9, 0.99};
	struct section_ledger *l = calloc(1, sizeof(*l));
	struct dcbs_spread s;
	double got[3], want;
	size_t i;

	assert_non_null(l);
	for (i = 0; i < n; i++)
		fixture_growth(l, values[i], 0);
	assert_int_equal(ledger_spread(&s, l->growth, l->growth_max, n + 5), 0);
	qsort(values, n, sizeof(*values), by_value);
	assert_int_equal(s.calls, n);
	assert_int_equal(s.histogram.zero_count, 5);
	assert_true(s.max == values[n - 1]);
	memcpy(got, &s.p50, sizeof(got));
	for (i = 0; i < 3; i++) {
		want = values[(size_t)ceil(q[i] * n - 1e-6) - 1];
		if (fabs(got[i] - want) > 0.1 * want)
			fail_msg("n %zu, p%g: %g instead of %g", n, 100 * q[i], got[i], want);
	}
	free(s.histogram.buckets);
	free(l);
}

static void test_spreads(void **state)
{
	static __u64 values[1000];
	__u64 seed = 3, n, i;

	(void)state;
	for (n = 1; n <= 1000; n = n * 3 + 1) {
		for (i = 0; i < n; i++)
			values[i] = fixture_spread(&seed, 4096);
		check_spread(values, n);
		for (i = 0; i < n; i++)
			values[i] = 1ULL << (i % 47);
		check_spread(values, n);
		for (i = 0; i < n; i++)
			values[i] = 1 + i;
		check_spread(values, n);
	}
}

/* Bucket i holds (2^(i/4), 2^((i+1)/4)]. */
static void test_spread_buckets(void **state)
{
	static const __u64 values[] = {1, 2, 3, 4096, 4097, 1ULL << 40};
	struct dcbs_spread s;
	__u32 places[COARSE_PLACES];
	int index;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		memset(places, 0, sizeof(places));
		places[(hist_place(values[i]) + 7) / 8] = 1;
		assert_int_equal(ledger_spread(&s, places, 0, 0), 0);
		index = s.histogram.buckets[0].index;
		assert_true(exp2(index / 4.0) < values[i] && values[i] <= exp2((index + 1) / 4.0));
		assert_true(isnan(s.max) && fabs(s.p50 - values[i]) <= 0.1 * values[i]);
		free(s.histogram.buckets);
	}
	memset(places, 0, sizeof(places));
	assert_int_equal(ledger_spread(&s, places, 0, 7), 0);
	assert_true(s.calls == 0 && isnan(s.p50) && isnan(s.max) && s.histogram.zero_count == 7);
	free(s.histogram.buckets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cause_has_its_place), cmocka_unit_test(test_residue),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_sections_close), cmocka_unit_test(test_outside),
		cmocka_unit_test(test_flows_await), cmocka_unit_test(test_flows_run_no_longer_than_they_were_open),
		cmocka_unit_test(test_outside_is_no_less_than_its_waits), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_idle_threads), cmocka_unit_test(test_memory_closes),
		cmocka_unit_test(test_spreads),
		cmocka_unit_test(test_spread_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
