// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json.c - the document has the names that scripts rely on, comes back as it was, and may be hostile. */
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/report.h"
#include "golden.h"

static char path[64];
static int file = -1;

/* ---- help ---- */

static struct dcbs_report *build(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	fixture_free(snap);
	return r;
}

static char *text_of(struct snapshot *snap)
{
	struct dcbs_report *r = build(snap);
	char *text;

	golden_version(r);
	text = dcbs_report_json(r);
	assert_non_null(text);
	dcbs_report_free(r);
	return text;
}

static char *evaluation_text(void)
{
	return text_of(fixture_evaluation());
}

static void write_bytes(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int load(const char *text, size_t len, struct dcbs_report **r)
{
	write_bytes(text, len);
	return dcbs_report_load(r, path);
}

/* Refused, and the one line of error names the file and holds `words`. */
static void refuse(const char *text, const char *words)
{
	struct dcbs_report *r = NULL;

	if (!load(text, strlen(text), &r))
		fail_msg("was let through: %s", text);
	assert_null(r);
	if (!strstr(dcbs_profiler_error(), words) || !strstr(dcbs_profiler_error(), path))
		fail_msg("error without \"%s\": %s", words, dcbs_profiler_error());
	assert_null(strchr(dcbs_profiler_error(), '\n'));
}

/* What was let through must be fit to show. */
static void show(struct dcbs_report *r)
{
	char *text = dcbs_report_text(r, 0), *json = dcbs_report_json(r), *c;

	assert_true(text && json);
	for (c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	free(text);
	free(json);
	dcbs_report_free(r);
}

static void round_trip(struct dcbs_report *r)
{
	char *first = dcbs_report_json(r), *second;
	char *first_text = dcbs_report_text(r, 100), *second_text;
	struct dcbs_report *back = NULL;

	assert_non_null(first);
	if (load(first, strlen(first), &back))
		fail_msg("%s", dcbs_profiler_error());
	second = dcbs_report_json(back);
	second_text = dcbs_report_text(back, 100);
	assert_string_equal(first, second);
	assert_string_equal(first_text, second_text);
	free(first);
	free(second);
	free(first_text);
	free(second_text);
	dcbs_report_free(back);
	dcbs_report_free(r);
}

/* ---- the document ---- */

static void test_golden(void **state)
{
	char *text = evaluation_text();

	(void)state;
	golden_check("evaluation.json", text);
	free(text);
	text = text_of(fixture_measured());
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

static const json_t *element(const json_t *doc, const char *key, const char *name)
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
	check_keys(json_object_get(s, wall), "cpu_s worker_cpu_s runqueue_s gil_s lock_s disk_s network_s fault_s "
		   "sleep_s gpu_s other_s residue_s ");
	check_keys(json_object_get(s, parts), "sync_s pipe_s child_s stopped_s ");
	check_keys(json_object_get(s, memory), "rss_delta_bytes anon_delta_bytes file_delta_bytes shmem_delta_bytes "
		   "peak_delta_bytes minor_faults major_faults mapped_bytes unmapped_bytes grown_bytes shrunk_bytes ");
}

static void check_section_keys(const json_t *s)
{
	check_keys(s, "name count total_s self_s mean_s min_s max_s p50_s p90_s p95_s p99_s p999_s open errors items "
		   "items_per_s histogram wall memory kind open_at_start wall_parts self_wall self_wall_parts self_memory "
		   "growth faults ");
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
	const json_t *model = json_object_get(doc, "model"), *cache = element(doc, "caches", "embeddings");

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
	char *text = text_of(fixture_measured());
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	(void)state;
	check_keys(doc, "schema tool version target window sections memory bottlenecks functions model caches overhead lost "
		   "threshold_s threads wall_check notes ");
	check_keys(json_object_get(doc, "target"), "pid comm command started_at markers ");
	check_keys(json_object_get(doc, "window"), "started_at duration_s ended_by ");
	check_section_keys(element(doc, "sections", "answer_question"));
	check_keys(json_object_get(doc, "memory"), "rss_start_bytes rss_end_bytes rss_peak_bytes sections_bytes "
		   "outside_bytes unexplained_bytes others_bytes page_touch_s ");
	check_keys(json_array_get(json_object_get(doc, "threads"), 0), "pid tid name threads sections idle wall_s "
		   "kernel_cpu_s wall wall_parts ");
	check_keys(json_object_get(doc, "wall_check"), "ledger_cpu_s kernel_cpu_s ");
	check_keys(json_array_get(json_object_get(doc, "bottlenecks"), 0), "section total_s share cause evidence suggestion ");
	check_group_keys(doc);
	check_keys(json_object_get(doc, "overhead"), "target_cpu_share flushes samples switches faults ns_per_flush "
		   "ns_per_section reduced ");
	check_keys(json_object_get(doc, "lost"), "sections records samples stacks names ");
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
	fixture_row(snap, "open", DCBS_NAME_SECTION)->open = 1;
	fixture_row(snap, "sized", DCBS_NAME_CACHE)->stat.sizes = 1;
	r = build(snap);
	text = dcbs_report_json(r);
	doc = json_loads(text, 0, NULL);
	s = element(doc, "sections", "open");
	assert_true(json_is_null(json_object_get(s, "mean_s")) && json_is_null(json_object_get(s, "p99_s")));
	assert_true(json_is_null(json_object_get(s, "items")) && json_is_null(json_object_get(s, "items_per_s")));
	assert_true(json_is_null(json_object_get(json_object_get(s, "wall"), "gil_s")));
	assert_true(json_is_null(json_object_get(json_object_get(s, "self_memory"), "grown_bytes")));
	assert_true(json_is_null(json_object_get(s, "growth")));
	assert_true(json_is_null(json_object_get(json_object_get(doc, "memory"), "rss_peak_bytes")));
	assert_true(json_is_null(json_object_get(json_object_get(doc, "overhead"), "ns_per_flush")));
	check_keys(json_object_get(doc, "model"), "");
	check_keys(element(doc, "caches", "sized"), "name hit_rate total_accesses hits misses size ");
	json_decref(doc);
	free(text);
	round_trip(r);
}

/* What is in a wall adds up to the section's time; workers and the residue are beside it. */
static void test_wall_adds_up(void **state)
{
	char *text = text_of(fixture_measured());
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

/* A document of a version that had no ledgers. */
static void test_older_document(void **state)
{
	static const char text[] = "{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"0.1.0\",\"window\":{\"duration_s\":3},"
		"\"sections\":[{\"name\":\"a\",\"total_s\":2,\"self_s\":2,\"count\":1,\"wall\":{\"cpu_s\":null}}]}";
	struct dcbs_report *r = NULL;

	(void)state;
	assert_int_equal(load(text, strlen(text), &r), 0);
	assert_true(isnan(r->sections[0].wall.cpu_s) && isnan(r->sections[0].self_wall.residue_s));
	assert_true(r->sections[0].self_memory.grown_bytes == DCBS_UNKNOWN && r->sections[0].growth.calls == DCBS_UNKNOWN);
	assert_true(isnan(r->ledger_cpu_s) && r->others_bytes == DCBS_UNKNOWN && isnan(r->page_touch_s));
	show(r);
}

/* A duration of whole nanoseconds comes out with all of them. */
static void test_precision(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct dcbs_report *r;
	char *text;

	(void)state;
	fixture_call(fixture_row(snap, "x", DCBS_NAME_SECTION), 123456123456789ULL, 100 * MS);
	r = build(snap);
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
	round_trip(build(fixture_evaluation()));
	setlocale(LC_ALL, "C");
	assert_string_equal(got, want);
	free(want);
	free(got);
}

static void test_round_trip(void **state)
{
	struct snapshot *snap = fixture_evaluation();

	(void)state;
	round_trip(build(fixture_evaluation()));
	round_trip(build(fixture_measured()));
	round_trip(build(fixture_unmarked()));
	round_trip(build(fixture_empty()));
	fixture_target(snap, 4243, "second", "");
	fixture_note(snap, "a \"note\" with \\ in it");
	fixture_row(snap, "a \"name\" \342\202\254 \033", DCBS_NAME_SECTION)->open = 2;
	fixture_call(fixture_row(snap, "odd", DCBS_NAME_SECTION), 1, 0);
	fixture_call(snap->rows[snap->nr_rows - 1], 0, 0);
	fixture_call(snap->rows[snap->nr_rows - 1], ~0ULL >> 2, 3);
	snap->counters.lost_garbage = 1ULL << 60;
	round_trip(build(snap));
}

/* ---- what is refused ---- */

#define HEAD "{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"window\":{},\"sections\":["

static void test_wrong_documents(void **state)
{
	(void)state;
	refuse("", "ends too early");
	refuse("{\"schema\":1,", "ends too early");
	refuse("hello", "is not JSON");
	refuse("\033[2J", "is not JSON");
	refuse("{} {}", "is not JSON");
	refuse("{\"a\":1,\"a\":2}", "is not JSON");
	refuse("{}", "is not a session");
	refuse("[]", "is not a session");
	refuse("{\"schema\":1,\"tool\":\"other\"}", "is not a session");
	refuse("{\"schema\":\"1\",\"tool\":\"dcbs-bpfprof\"}", "is not a session");
	refuse("{\"schema\":2,\"tool\":\"dcbs-bpfprof\"}", "schema 2");
	refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"sections\":[]}", "window");
	refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"window\":{}}", "sections");
	refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"window\":{},\"sections\":[]}", "version");
	refuse("{\"a\":\"\377\"}", "is not JSON");
	refuse("{\"a\":\"\\u0000\"}", "is not JSON");
	refuse("{\"a\":1e999}", "is not JSON");
}

static void test_wrong_values(void **state)
{
	(void)state;
	refuse(HEAD "3]}", "sections[0]");
	refuse(HEAD "{}]}", "sections[0].name");
	refuse(HEAD "{\"name\":3}]}", "sections[0].name");
	refuse(HEAD "{\"name\":\"a\"},{\"name\":\"b\",\"count\":1.5}]}", "sections[1].count");
	refuse(HEAD "{\"name\":\"a\",\"count\":-1}]}", "sections[0].count");
	refuse(HEAD "{\"name\":\"a\",\"total_s\":\"1\"}]}", "total_s");
	refuse(HEAD "{\"name\":\"a\",\"total_s\":-0.1}]}", "total_s");
	refuse(HEAD "{\"name\":\"a\",\"total_s\":1e300}]}", "total_s");
	refuse(HEAD "{\"name\":\"a\",\"kind\":\"cache\"}]}", "kind");
	refuse(HEAD "{\"name\":\"a\",\"kind\":7}]}", "kind");
	refuse(HEAD "],\"targets\":[{\"pid\":9999999999,\"comm\":\"\",\"command\":\"\"}]}", "targets[0].pid");
	refuse(HEAD "],\"target\":{\"pid\":1,\"comm\":\"\"}}", "target.command");
	refuse(HEAD "],\"target\":[]}", "target");
	refuse(HEAD "],\"bottlenecks\":[{\"section\":\"a\",\"cause\":\"magic\"}]}", "bottlenecks[0].cause");
	refuse(HEAD "],\"caches\":[{\"name\":\"a\",\"timing\":3}]}", "caches[0].timing");
	refuse(HEAD "],\"model\":{\"generation\":{\"tokens\":\"x\"}}}", "tokens");
	refuse(HEAD "],\"notes\":[1]}", "notes");
	refuse(HEAD "],\"notes\":{}}", "notes");
	refuse(HEAD "],\"lost\":{\"names\":false}}", "names");
	refuse(HEAD "{\"name\":\"a\",\"wall\":{\"gil_s\":-1}}]}", "gil_s");
	refuse(HEAD "{\"name\":\"a\",\"memory\":{\"grown_bytes\":-1}}]}", "grown_bytes");
	refuse(HEAD "{\"name\":\"a\",\"memory\":{\"rss_delta_bytes\":-9223372036854775808}}]}", "rss_delta_bytes");
	refuse(HEAD "{\"name\":\"a\",\"growth\":{\"calls\":1,\"histogram\":{\"scale\":5}}}]}", "histogram.scale");
	refuse(HEAD "{\"name\":\"a\",\"growth\":{\"histogram\":{\"scale\":2,\"buckets\":[[193,1]]}}}]}", "histogram.buckets");
	refuse(HEAD "],\"threads\":[{\"pid\":1,\"tid\":-1,\"name\":\"\"}]}", "threads[0].tid");
	refuse(HEAD "],\"threads\":[{\"pid\":1,\"tid\":1}]}", "threads[0].name");
}

static void refuse_buckets(const char *buckets)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"buckets\":%s}}]}", buckets);
	refuse(text, "histogram.buckets");
}

static void test_wrong_histograms(void **state)
{
	(void)state;
	refuse(HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":4,\"buckets\":[]}}]}", "scale");
	refuse(HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"zero_count\":-1}}]}", "zero_count");
	refuse(HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"buckets\":3}}]}", "sections[0].buckets");
	refuse_buckets("[3]");
	refuse_buckets("[[1,2,3]]");
	refuse_buckets("[[1,0]]");
	refuse_buckets("[[-2,1]]");
	refuse_buckets("[[1536,1]]");
	refuse_buckets("[[1.5,1]]");
	refuse_buckets("[[2,1],[1,1]]");
	refuse_buckets("[[2,1],[2,1]]");
	refuse_buckets("[[2,-9223372036854775808]]");
}

static void test_files(void **state)
{
	struct dcbs_report *r = NULL;

	(void)state;
	assert_int_equal(dcbs_report_load(&r, "/nonexistent/x.json"), -ENOENT);
	assert_int_equal(dcbs_report_load(&r, "/proc/self"), -EISDIR);
	assert_int_equal(ftruncate(file, (64 << 20) + 1), 0);
	assert_int_equal(dcbs_report_load(&r, path), -EFBIG);
	assert_null(r);
}

/* ---- what is made harmless ---- */

static void test_hostile_texts(void **state)
{
	struct dcbs_report *r = NULL;
	static const char text[] =
		HEAD "{\"name\":\"\\u001b[2J\\u009b\\u202e\"}],\"notes\":[\"a\\nb\"],"
		"\"target\":{\"pid\":1,\"comm\":\"\\u0007\",\"command\":\"\\r\"},\"unknown\":{\"key\":[[[]]]}}";

	(void)state;
	if (load(text, strlen(text), &r))
		fail_msg("%s", dcbs_profiler_error());
	assert_string_equal(r->sections[0].name, "\\x1B[2J\\xC2\\x9B\\xE2\\x80\\xAE");
	assert_string_equal(r->notes[0], "a\\x0Ab");
	assert_string_equal(r->targets[0].comm, "\\x07");
	assert_true(isnan(r->sections[0].total_s) && r->sections[0].count == DCBS_UNKNOWN);
	show(r);
}

static void test_deep_nesting(void **state)
{
	static char text[400000];

	(void)state;
	memset(text, '[', sizeof(text) - 1);
	refuse(text, "is not JSON");
}

static void test_truncated_anywhere(void **state)
{
	struct dcbs_report *r = NULL;
	char *text = evaluation_text();
	size_t len, whole = strlen(text);

	(void)state;
	for (len = 0; len < whole - 2; len += len < 2000 ? 1 : 37) {
		if (!load(text, len, &r))
			fail_msg("%zu bytes of %zu were let through", len, whole);
		assert_non_null(strstr(dcbs_profiler_error(), path));
	}
	free(text);
}

/* Whatever is broken, the answer is a line of error or a report that can be shown. */
static void test_random_damage(void **state)
{
	static const char bytes[] = "\"[]{},:0-9e.tn\\\033\377";
	char *text = text_of(fixture_measured());
	size_t len = strlen(text), at;
	struct dcbs_report *r = NULL;
	__u64 seed = 12345;
	int i, j, shown = 0;
	char *copy = malloc(len);

	(void)state;
	assert_non_null(copy);
	for (i = 0; i < 1500; i++) {
		memcpy(copy, text, len);
		for (j = 0; j <= i % 3; j++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			at = (seed >> 20) % len;
			copy[at] = bytes[(seed >> 10) % (sizeof(bytes) - 1)];
		}
		if (load(copy, len, &r))
			continue;
		show(r);
		shown++;
	}
	assert_true(shown > 0);
	free(copy);
	free(text);
}

static void try_values(const json_t *doc, json_t *object, const char *key)
{
	static const char *const values[] = {"null", "true", "-1", "1.5", "1e17", "\"x\"", "[]", "[0]", "{}"};
	struct dcbs_report *r = NULL;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		json_object_set_new(object, key, json_loads(values[i], JSON_DECODE_ANY, NULL));
		text = json_dumps(doc, JSON_COMPACT);
		if (!load(text, strlen(text), &r))
			show(r);
		free(text);
	}
}

/* Every value of the document, down from `at`, replaced by values of other types; returns how many there were. */
static int damage(const json_t *doc, json_t *at)
{
	json_t *child, *kept;
	const char *key;
	int tried = 0;
	size_t i;
	void *next;

	json_array_foreach(at, i, child)
		tried += i < 3 ? damage(doc, child) : 0;
	json_object_foreach_safe(at, next, key, child) {
		kept = json_incref(child);
		try_values(doc, at, key);
		json_object_set(at, key, kept);
		tried += 1 + damage(doc, kept);
		json_decref(kept);
	}
	return tried;
}

static void test_every_value_of_another_type(void **state)
{
	char *text = text_of(fixture_measured());
	json_t *doc = json_loads(text, 0, NULL);

	(void)state;
	assert_true(damage(doc, doc) > 400);
	json_decref(doc);
	free(text);
}

/* In memory: thousands of documents are written. */
static int make_file(void **state)
{
	(void)state;
	file = memfd_create("session.json", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return file < 0 ? -1 : 0;
}

static int close_file(void **state)
{
	(void)state;
	return close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_names_of_the_contract),
		cmocka_unit_test(test_unknown_is_null), cmocka_unit_test(test_wall_adds_up),
		cmocka_unit_test(test_older_document), cmocka_unit_test(test_precision), cmocka_unit_test(test_locale),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_wrong_documents),
		cmocka_unit_test(test_wrong_values), cmocka_unit_test(test_wrong_histograms),
		cmocka_unit_test(test_files), cmocka_unit_test(test_hostile_texts), cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_truncated_anywhere), cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_every_value_of_another_type),
	};

	return cmocka_run_group_tests(tests, make_file, close_file);
}
