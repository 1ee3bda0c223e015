// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* report.c - sections, caches, model, costs and losses of a report from the counters; safe text. */
#include "analyse/verdict/bottleneck.h"
#include "analyse/report.h"
#include "fixture.h"
#include "base/sanitize.h"

#define near(a, b) assert_true(fabs((double)(a) - (double)(b)) <= 1e-9 * fabs((double)(b)))

static struct dcbs_report *build_report(const struct snapshot *snap, double threshold_s)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, threshold_s), 0);
	return r;
}

static void test_sections(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	fixture_call(facts, 100 * MS, 40 * MS);
	fixture_call(facts, 300 * MS, 60 * MS);
	facts->stat.unstarted = 2;
	facts->stat.errors = 1;
	facts->stat.items = 20;
	facts->open = 3;
	r = build_report(snap, 1);
	s = dcbs_report_section(r, "work");
	assert_non_null(s);
	assert_int_equal(s->count, 2);
	assert_int_equal(s->open, 3);
	assert_int_equal(s->open_at_start, 2);
	assert_int_equal(s->errors, 1);
	assert_int_equal(s->items, 20);
	near(s->total_s, 0.4);
	near(s->self_s, 0.1);
	near(s->mean_s, 0.2);
	near(s->min_s, 0.1);
	near(s->max_s, 0.3);
	near(s->p50_s, 0.1);
	near(s->p999_s, 0.3);
	near(s->items_per_s, 50);
	assert_int_equal(s->histogram.nr_buckets, 2);
	assert_int_equal(s->histogram.buckets[0].index, hist_index(hist_place(100 * MS)));
	assert_null(dcbs_report_section(r, "play"));
	near(r->duration_s, 62.4);
	assert_int_equal(r->ended_by, DCBS_ENDED_SIGNAL);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_unknown_is_not_zero(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "open", DCBS_NAME_SECTION);
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	facts->open = 1;
	facts->stat.total_ns = facts->stat.self_ns = 5 * SEC;
	r = build_report(snap, 1);
	s = dcbs_report_section(r, "open");
	assert_non_null(s);
	assert_true(isnan(s->mean_s) && isnan(s->min_s) && isnan(s->max_s) && isnan(s->p50_s) && isnan(s->p999_s));
	assert_true(s->items == DCBS_UNKNOWN && isnan(s->items_per_s));
	assert_true(isnan(r->model.peak_memory_bytes) && r->model.generation.tokens == DCBS_UNKNOWN);
	assert_true(isnan(r->overhead.ns_per_flush) && isnan(r->overhead.ns_per_section));
	assert_int_equal(r->overhead.faults, DCBS_UNKNOWN);
	assert_int_equal(r->rss_peak_bytes, DCBS_UNKNOWN);
	assert_string_equal(r->bottlenecks[0].evidence, "1 call still open");
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_order_and_omissions(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;

	(void)state;
	fixture_section(snap, "never", DCBS_NAME_SECTION);
	fixture_section(snap, "never", DCBS_NAME_CACHE);
	fixture_section(snap, "strange", 77)->open = 1;
	snap->wall_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 50 * SEC), CAUSE_SLEEP, 48900 * MS);
	fixture_call(fixture_section(snap, "b", DCBS_NAME_SECTION), MS, MS);
	fixture_call(fixture_section(snap, "a", DCBS_NAME_SECTION), MS, MS);
	fixture_call(fixture_section(snap, "long", DCBS_NAME_SECTION), SEC, SEC);
	r = build_report(snap, 1);
	assert_int_equal(r->nr_sections, 4);
	assert_int_equal(r->nr_caches, 0);
	assert_string_equal(r->sections[0].name, "long");
	assert_string_equal(r->sections[1].name, "a");
	assert_string_equal(r->sections[2].name, "b");
	assert_string_equal(r->sections[3].name, "(outside)");
	assert_int_equal(r->nr_bottlenecks, 1);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_model(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = build_report(snap, 1);
	const struct dcbs_section *forward = dcbs_report_section(r, "forward_pass");

	(void)state;
	assert_non_null(forward);
	assert_int_equal(r->model.forward_pass.count, 412);
	near(r->model.forward_pass.mean_s, forward->mean_s);
	near(r->model.forward_pass.total_s, forward->mean_s * 412);
	assert_int_equal(r->model.generation.count, 2);
	assert_int_equal(r->model.generation.tokens, 512);
	near(r->model.generation.tokens_per_s, 128);
	near(r->model.generation.min_s, 1.9);
	near(r->model.peak_memory_bytes, 1211 * 1048576.0);
	near(r->model.min_memory_bytes, 800 * 1048576.0);
	near(r->model.mean_memory_bytes, (800 + 411 / 2.0) * 1048576.0);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_caches(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = build_report(snap, 1);
	const struct dcbs_cache_summary *c = dcbs_report_cache(r, "embeddings");

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->total_accesses, 12345);
	assert_int_equal(c->misses, 12345 / 5);
	assert_int_equal(c->hits + c->misses, c->total_accesses);
	near(c->hit_rate, 0.8);
	near(c->mean_size_bytes, 100.0 * 1048576);
	near(c->current_size_bytes, 150.0 * 1048576);
	assert_true(c->p50_s < 20e-6 && c->p99_s > 90e-6);
	c = dcbs_report_cache(r, "clusters");
	assert_true(c && isnan(c->current_size_bytes));
	assert_null(dcbs_report_cache(r, "evaluation"));
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_bottlenecks(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = build_report(snap, 2.2);
	const struct dcbs_bottleneck *b = r->bottlenecks;
	size_t i, caches = 0;

	(void)state;
	assert_true(r->nr_bottlenecks >= 5);
	assert_string_equal(b[0].section, "evaluation");
	near(b[0].share, 1);
	for (i = 0; i < r->nr_bottlenecks; i++) {
		assert_true(b[i].total_s >= 2.2);
		assert_true(!i || b[i].total_s <= b[i - 1].total_s);
		assert_non_null(b[i].evidence);
		caches += b[i].cause == DCBS_CAUSE_CACHE;
		if (b[i].cause == DCBS_CAUSE_CACHE)
			assert_string_equal(b[i].section, "clusters");
		else
			assert_true(b[i].cause == DCBS_CAUSE_UNKNOWN && !b[i].suggestion);
	}
	assert_int_equal(caches, 1);
	assert_int_equal(bottleneck_find(r, 50), 0);
	assert_int_equal(r->nr_bottlenecks, 1);
	assert_int_equal(bottleneck_find(r, 100), 0);
	assert_int_equal(r->nr_bottlenecks, 0);
	near(r->threshold_s, 100);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_overhead(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = build_report(snap, 1);

	(void)state;
	near(r->overhead.ns_per_flush, 1790);
	near(r->overhead.ns_per_section, 1790.0 * 1240 / 14405);
	near(r->overhead.target_cpu_share, (1240 * 1790.0 + 9800 * 240.0) / 62.4e9);
	dcbs_report_free(r);
	snap->memory_known = true;
	snap->counters.wakings = 7;
	snap->bpf_ns_per_waking = 100;
	snap->counters.rss_events = 9;
	snap->bpf_ns_per_rss_event = 90;
	r = build_report(snap, 1);
	near(r->overhead.target_cpu_share, (1240 * 1790.0 + 9800 * 240.0 + 700 + 810) / 62.4e9);
	assert_int_equal(r->overhead.faults, 9);
	assert_int_equal(r->overhead.answers, 0);
	dcbs_report_free(r);
	snap->answers = 2;
	snap->answers_ns = 5000000;
	r = build_report(snap, 1);
	near(r->overhead.target_cpu_share, (1240 * 1790.0 + 9800 * 240.0 + 700 + 810 + 5e6) / 62.4e9);
	assert_int_equal(r->overhead.answers, 2);
	near(r->overhead.answers_s, 5e-3);
	dcbs_report_free(r);
	snap->bpf_ns_per_waking = NAN;
	r = build_report(snap, 1);
	assert_true(isnan(r->overhead.target_cpu_share));
	dcbs_report_free(r);
	snap->counters.wakings = 0;
	snap->counters.calls = 1;	/* the cost of a --section probe is not measured */
	r = build_report(snap, 1);
	assert_true(isnan(r->overhead.target_cpu_share));
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_lost(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r;

	(void)state;
	snap->counters.lost_too_deep = 1;
	snap->counters.lost_unmatched = 10;
	snap->counters.lost_overwritten = 100;
	snap->counters.lost_garbage = 1000;
	snap->counters.lost_unread = 10000;
	snap->counters.lost_section_ids = 3;
	snap->counters.lost_names = 30;
	snap->counters.exits_unread = 6;
	snap->counters.lost_open_sections = 4;
	snap->begun_missed = 11;
	snap->baselines_missed = 12;
	snap->missed_ends = 7;
	snap->missed_starts = 8;
	snap->missed_pages = 9;
	snap->targets[0].names_lost = 300;
	fixture_target(snap, 4243, "second", "");
	snap->targets[1].names_lost = 3000;
	fixture_note(snap, "said before");
	r = build_report(snap, 1);
	assert_int_equal(r->lost.sections, 11);
	assert_int_equal(r->lost.records, 11100);
	assert_int_equal(r->lost.names, 3333);
	assert_int_equal(r->lost.samples, 0);
	assert_int_equal(r->nr_targets, 2);
	assert_int_equal(r->nr_notes, 8);
	assert_string_equal(r->notes[0], "said before");
	assert_int_equal(strncmp(r->notes[1], "4 waits or pages", 16), 0);
	assert_int_equal(strncmp(r->notes[2], "6 thread ends", 13), 0);
	assert_int_equal(strncmp(r->notes[3], "11 sections were open", 21), 0);
	assert_int_equal(strncmp(r->notes[4], "12 threads had lost", 19), 0);
	assert_int_equal(strncmp(r->notes[5], "7 thread ends on this machine", 29), 0);
	assert_int_equal(strncmp(r->notes[6], "8 forks and execs", 17), 0);
	assert_int_equal(strncmp(r->notes[7], "9 changes of memory", 19), 0);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void check_sanitized(const char *raw, const char *want)
{
	char *got = sanitize(raw, 1000);

	assert_string_equal(got, want);
	free(got);
}

static void test_sanitize(void **state)
{
	char *cut;

	(void)state;
	check_sanitized("", "");
	check_sanitized("plain", "plain");
	check_sanitized("na\303\257ve \346\227\245\346\234\254 \360\237\246\231", "na\303\257ve \346\227\245\346\234\254 \360\237\246\231");
	check_sanitized("\033[2J\a\r\n\177", "\\x1B[2J\\x07\\x0D\\x0A\\x7F");
	check_sanitized("\302\233" "31m", "\\xC2\\x9B31m");		/* the one-character CSI */
	check_sanitized("\342\200\256" "abc", "\\xE2\\x80\\xAE" "abc");	/* right to left */
	check_sanitized("\342\200\250", "\\xE2\\x80\\xA8");		/* line separator */
	check_sanitized("\300\257\340\200\257", "\\xC0\\xAF\\xE0\\x80\\xAF");	/* overlong */
	check_sanitized("\355\240\200", "\\xED\\xA0\\x80");		/* surrogate */
	check_sanitized("\364\220\200\200", "\\xF4\\x90\\x80\\x80");	/* beyond Unicode */
	check_sanitized("\303", "\\xC3");
	check_sanitized("a\342\202", "a\\xE2\\x82");
	cut = sanitize("a\303\257", 2);
	assert_string_equal(cut, "a\\xC3");
	free(cut);
}

/* All pairs of bytes: the result is always safe, and safe text stays as it is. */
static void test_sanitize_all_pairs(void **state)
{
	char raw[3] = "", *once, *twice, *c;
	int i;

	(void)state;
	for (i = 0; i < 65536; i++) {
		raw[0] = (char)(i >> 8);
		raw[1] = (char)i;
		once = sanitize(raw, 2);
		twice = sanitize(once, 100);
		assert_string_equal(once, twice);
		for (c = once; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
		free(once);
		free(twice);
	}
}

static void test_hostile_names(void **state)
{
	struct snapshot *snap = fixture_empty();
	char raw[SNAPSHOT_RAW_NAME];
	struct dcbs_report *r;

	(void)state;
	memset(raw, 0x1b, sizeof(raw));		/* without a zero byte at its end */
	fixture_section(snap, raw, DCBS_NAME_SECTION)->open = 1;
	fixture_section(snap, "", DCBS_NAME_SECTION)->open = 1;
	fixture_target(snap, 1, "\033]0;x\a", "\033[31m\nrm");
	fixture_note(snap, "two\nlines");
	r = build_report(snap, 1);
	assert_int_equal(strlen(r->sections[1].name), 4 * SNAPSHOT_RAW_NAME);
	assert_string_equal(r->sections[0].name, "(unnamed)");
	assert_string_equal(r->targets[0].comm, "\\x1B]0;x\\x07");
	assert_string_equal(r->targets[0].command, "\\x1B[31m\\x0Arm");
	assert_string_equal(r->notes[0], "two\\x0Alines");
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_counters_at_their_limits(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "x", DCBS_NAME_SECTION);
	struct snapshot_section *cache = fixture_section(snap, "c", DCBS_NAME_CACHE);
	struct dcbs_report *r;

	(void)state;
	memset((char *)&facts->stat + 8, 0xff, sizeof(facts->stat) - 8);
	memset((char *)&cache->stat + 8, 0xff, sizeof(cache->stat) - 8);
	cache->stat.count = 7;
	facts->open = ~0ULL;
	snap->end_ns = snap->start_ns - 5;
	r = build_report(snap, 1);
	assert_int_equal(r->sections[0].count, INT64_MAX);
	assert_int_equal(r->sections[0].open, INT64_MAX);
	assert_int_equal(r->caches[0].misses, 0);
	assert_true(r->duration_s == 0 && isnan(r->bottlenecks[0].share));
	dcbs_report_free(r);
	snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections), cmocka_unit_test(test_unknown_is_not_zero),
		cmocka_unit_test(test_order_and_omissions), cmocka_unit_test(test_model),
		cmocka_unit_test(test_caches), cmocka_unit_test(test_bottlenecks), cmocka_unit_test(test_overhead),
		cmocka_unit_test(test_lost), cmocka_unit_test(test_sanitize),
		cmocka_unit_test(test_sanitize_all_pairs), cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_counters_at_their_limits),
	};

	dcbs_report_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
