// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json.c - the JSON document: its keys, and that reading restores what was written. */
#include <locale.h>

#include "document.h"
#include "sampled_stacks.h"

static char *evaluation_text(void)
{
	return document_text(fixture_evaluation());
}

/* ---- the document ---- */

static void test_golden(void **state)
{
	char *text = evaluation_text();

	(void)state;
	golden_check("evaluation.json", text);
	free(text);
	text = document_text(fixture_measured());
	golden_check("measured.json", text);
	free(text);
}

static void check_keys(const json_t *object, const char *want)
{
	char got[2048] = "";
	const char *key;
	json_t *value;

	assert_true(json_is_object(object));
	json_object_foreach((json_t *)object, key, value)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", key);
	assert_string_equal(got, want);
}

static const json_t *find_by_name(const json_t *doc, const char *key, const char *name)
{
	size_t i;
	json_t *e;

	json_array_foreach(json_object_get(doc, key), i, e)
		if (!strcmp(json_string_value(json_object_get(e, "name")), name))
			return e;
	fail_msg("no %s in %s", name, key);
	return NULL;
}

static void check_ledger_keys(const json_t *s, const char *wall, const char *parts, const char *memory)
{
	check_keys(json_object_get(s, wall), "cpu_s worker_cpu_s runqueue_s throttled_s steal_s gil_s lock_s disk_s network_s fault_s "
		   "sleep_s gpu_s other_s await_s residue_s ");
	check_keys(json_object_get(s, parts), "sync_s pipe_s child_s stopped_s ");
	check_keys(json_object_get(s, memory), "rss_delta_bytes anon_delta_bytes file_delta_bytes shmem_delta_bytes "
		   "peak_delta_bytes minor_faults major_faults mapped_bytes unmapped_bytes grown_bytes shrunk_bytes "
		   "copied_bytes grown_bytes_error shrunk_bytes_error mapped_bytes_error unmapped_bytes_error minor_faults_error "
		   "major_faults_error ");
}

static void check_section_keys(const json_t *s)
{
	check_keys(s, "name count total_s self_s mean_s min_s max_s p50_s p90_s p95_s p99_s p999_s open errors items "
		   "items_per_s error_s unseen_s histogram wall memory kind open_at_start unreturned wall_parts self_wall self_wall_parts "
		   "self_memory late_growth_bytes growth faults profiling_s profiling_per_call_s cpu_error_s in_flight "
		   "fault_cpu_s fault_cpu_error_s cancelled gpu parent trend slices slowest ");
	check_keys(json_object_get(s, "histogram"), "scale zero_count buckets ");
	check_ledger_keys(s, "wall", "wall_parts", "memory");
	check_ledger_keys(s, "self_wall", "self_wall_parts", "self_memory");
	check_keys(json_object_get(s, "growth"), "calls p50_bytes p90_bytes p99_bytes max_bytes histogram ");
	check_keys(json_object_get(s, "faults"), "calls p50 p90 p99 max histogram ");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json_object_get(s, "growth"), "histogram"),
							    "scale")), 2);
}

static void check_group_keys(const json_t *doc)
{
	const json_t *model = json_object_get(doc, "model"), *cache = find_by_name(doc, "caches", "embeddings");

	check_keys(model, "forward_pass generation memory ");
	check_keys(json_object_get(model, "forward_pass"), "count mean_time min_time max_time total_time ");
	check_keys(json_object_get(model, "generation"), "count mean_time min_time max_time total_time tokens tokens_per_s ");
	check_keys(json_object_get(model, "memory"), "peak_memory_mb mean_memory_mb min_memory_mb ");
	check_keys(cache, "name hit_rate total_accesses hits misses timing size ");
	check_keys(json_object_get(cache, "timing"), "mean_access_time min_access_time max_access_time p50_access_time "
		   "p90_access_time p95_access_time p99_access_time ");
	check_keys(json_object_get(cache, "size"), "current_size_mb max_size_mb mean_size_mb ");
}

static void test_names_of_the_contract(void **state)
{
	char *text = document_text(stacks_evaluation());
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	(void)state;
	check_keys(doc, "schema tool version target host window sections slices memory bottlenecks functions operators model caches overhead lost "
		   "threshold_s threads outside wall_check neighbours event_loops awaiting notes gpu_libraries gpu frequency_hz frames stacks ");
	check_keys(json_object_get(doc, "target"), "pid comm command started_at markers exit_status signal rank ");
	check_keys(json_object_get(doc, "host"), "name kernel cpu cpus cgroup versions ");
	check_keys(json_object_get(doc, "window"), "started_at duration_s ended_by ");
	check_section_keys(find_by_name(doc, "sections", "answer_question"));
	check_keys(json_object_get(doc, "memory"), "rss_start_bytes rss_end_bytes rss_peak_bytes sections_bytes "
		   "outside_bytes unexplained_bytes others_bytes page_touch_s estimated exit_bytes late_part ");
	check_keys(json_array_get(json_object_get(doc, "threads"), 0), "pid tid name threads sections idle wall_s "
		   "kernel_cpu_s wall wall_parts ");
	check_keys(json_object_get(doc, "wall_check"), "ledger_cpu_s kernel_cpu_s ");
	check_keys(json_array_get(json_object_get(doc, "bottlenecks"), 0), "section total_s share cause evidence suggestion ");
	check_group_keys(doc);
	check_keys(json_array_get(json_object_get(doc, "functions"), 0), "section function file line first_line lines calls self_s cumulative_s "
		   "self_samples cumulative_samples self_cpu_s cumulative_cpu_s self_off_s cumulative_off_s self_s_error cumulative_s_error share_bound python ");
	check_keys(json_array_get(json_object_get(doc, "frames"), 0), "function file line first_line python ");
	check_keys(json_object_get(doc, "overhead"), "target_cpu_share flushes samples switches faults ns_per_flush "
		   "ns_per_section profiler_rss_bytes maps_bytes thread_bytes answers answers_s reduced ");
	check_keys(json_object_get(doc, "lost"), "sections records samples stacks names processes ");
	assert_int_equal(json_integer_value(json_object_get(doc, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(doc, "window"), "ended_by")), "signal");
	json_decref(doc);
	free(text);
}

static void test_unknown_is_null(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;
	const json_t *s;
	json_t *doc;
	char *text;

	(void)state;
	fixture_section(snap, "open", DCBS_NAME_SECTION)->open = 1;
	fixture_section(snap, "sized", DCBS_NAME_CACHE)->stat.sizes = 1;
	r = document_report(snap);
	text = dcbs_report_json(r);
	doc = json_loads(text, 0, NULL);
	s = find_by_name(doc, "sections", "open");
	assert_true(json_is_null(json_object_get(s, "mean_s")) && json_is_null(json_object_get(s, "p99_s")));
	assert_true(json_is_null(json_object_get(s, "items")) && json_is_null(json_object_get(s, "items_per_s")));
	assert_true(json_is_null(json_object_get(json_object_get(s, "wall"), "gil_s")));
	assert_true(json_is_null(json_object_get(json_object_get(s, "self_memory"), "grown_bytes")));
	assert_true(json_is_null(json_object_get(s, "growth")));
	assert_true(json_is_null(json_object_get(json_object_get(doc, "memory"), "rss_peak_bytes")));
	assert_true(json_is_null(json_object_get(json_object_get(doc, "overhead"), "ns_per_flush")));
	check_keys(json_object_get(doc, "model"), "");
	check_keys(find_by_name(doc, "caches", "sized"), "name hit_rate total_accesses hits misses size ");
	json_decref(doc);
	free(text);
	document_round_trip(r);
}

/* The members of a wall object, except worker_cpu_s, add up to the section's time. */
static void test_wall_adds_up(void **state)
{
	char *text = document_text(fixture_measured());
	json_t *doc = json_loads(text, 0, NULL), *s, *value;
	const char *key;
	size_t i;
	double sum;

	(void)state;
	json_array_foreach(json_object_get(doc, "sections"), i, s) {
		sum = 0;
		json_object_foreach(json_object_get(s, "wall"), key, value)
			if (strcmp(key, "worker_cpu_s"))
				sum += json_number_value(value);
		assert_true(fabs(sum - json_number_value(json_object_get(s, "total_s"))) < 1e-9);
	}
	assert_int_equal(i, 8);
	json_decref(doc);
	free(text);
}

/* A document from a version without ledgers. */
static void test_older_document(void **state)
{
	static const char text[] = "{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"0.1.0\",\"window\":{\"duration_s\":3},"
		"\"sections\":[{\"name\":\"a\",\"total_s\":2,\"self_s\":2,\"count\":1,\"wall\":{\"cpu_s\":null}}]}";
	struct dcbs_report *r = NULL;

	(void)state;
	assert_int_equal(document_load(text, strlen(text), &r), 0);
	assert_true(isnan(r->sections[0].wall.cpu_s) && isnan(r->sections[0].self_wall.residue_s));
	assert_true(r->sections[0].self_memory.grown_bytes == DCBS_UNKNOWN && r->sections[0].growth.calls == DCBS_UNKNOWN);
	assert_true(isnan(r->ledger_cpu_s) && r->others_bytes == DCBS_UNKNOWN && isnan(r->page_touch_s));
	assert_true(!r->frequency_hz && !r->nr_functions && !r->nr_frames && !r->nr_stacks);
	document_show(r);
}

/* A duration in whole nanoseconds is written with all its digits. */
static void test_precision(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;
	char *text;

	(void)state;
	fixture_call(fixture_section(snap, "x", DCBS_NAME_SECTION), 123456123456789ULL, 100 * MS);
	r = document_report(snap);
	text = dcbs_report_json(r);
	assert_non_null(strstr(text, "\"total_s\":123456.123456789,\"self_s\":0.1,"));
	free(text);
	dcbs_report_free(r);
}

static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C"};
	char *want = evaluation_text(), *got;
	size_t i;

	(void)state;
	for (i = 0; i < 3 && !setlocale(LC_ALL, names[i]); i++)
		;
	got = evaluation_text();
	document_round_trip(document_report(fixture_evaluation()));
	setlocale(LC_ALL, "C");
	assert_string_equal(got, want);
	free(want);
	free(got);
}

static void test_round_trip(void **state)
{
	struct snapshot *snap = fixture_evaluation();

	(void)state;
	document_round_trip(document_report(fixture_evaluation()));
	document_round_trip(document_report(fixture_measured()));
	document_round_trip(document_report(fixture_unmarked()));
	document_round_trip(document_report(fixture_empty()));
	fixture_target(snap, 4243, "second", "");
	fixture_note(snap, "a \"note\" with \\ in it");
	fixture_section(snap, "a \"name\" \342\202\254 \033", DCBS_NAME_SECTION)->open = 2;
	fixture_call(fixture_section(snap, "odd", DCBS_NAME_SECTION), 1, 0);
	fixture_call(snap->sections[snap->nr_sections - 1], 0, 0);
	fixture_call(snap->sections[snap->nr_sections - 1], ~0ULL >> 2, 3);
	snap->counters.lost_garbage = 1ULL << 60;
	document_round_trip(document_report(snap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_names_of_the_contract),
		cmocka_unit_test(test_unknown_is_null), cmocka_unit_test(test_wall_adds_up),
		cmocka_unit_test(test_older_document), cmocka_unit_test(test_precision), cmocka_unit_test(test_locale),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, document_open, document_close);
}
