// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_hostile.c - JSON documents that anyone may have written: they are refused or made harmless. */
#include <errno.h>

#include "document.h"
#include "sampled_stacks.h"

/* ---- documents that are refused ---- */

static void test_wrong_documents(void **state)
{
	(void)state;
	document_refuse("", "ends too early");
	document_refuse("{\"schema\":1,", "ends too early");
	document_refuse("hello", "is not JSON");
	document_refuse("\033[2J", "is not JSON");
	document_refuse("{} {}", "is not JSON");
	document_refuse("{\"a\":1,\"a\":2}", "is not JSON");
	document_refuse("{}", "is not a session");
	document_refuse("[]", "is not a session");
	document_refuse("{\"schema\":1,\"tool\":\"other\"}", "is not a session");
	document_refuse("{\"schema\":\"1\",\"tool\":\"dcbs-bpfprof\"}", "is not a session");
	document_refuse("{\"schema\":2,\"tool\":\"dcbs-bpfprof\"}", "schema 2");
	document_refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"sections\":[]}", "window");
	document_refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"version\":\"1\",\"window\":{}}", "sections");
	document_refuse("{\"schema\":1,\"tool\":\"dcbs-bpfprof\",\"window\":{},\"sections\":[]}", "version");
	document_refuse("{\"a\":\"\377\"}", "is not JSON");
	document_refuse("{\"a\":\"\\u0000\"}", "is not JSON");
	document_refuse("{\"a\":1e999}", "is not JSON");
}

/* Sections that are around one another, and verdicts on them. */
static void test_circle_of_parents(void **state)
{
	static const char text[] = DOCUMENT_HEAD
		"{\"name\":\"a\",\"total_s\":9,\"self_s\":0,\"parent\":\"c\"},{\"name\":\"b\",\"total_s\":8,\"parent\":\"a\"},"
		"{\"name\":\"c\",\"total_s\":7,\"parent\":\"b\"},{\"name\":\"d\",\"total_s\":6,\"parent\":\"d\"}],"
		"\"bottlenecks\":[{\"section\":\"a\",\"total_s\":9,\"cause\":\"cpu\"},{\"section\":\"c\",\"total_s\":7,\"cause\":\"gil\"},"
		"{\"section\":\"nowhere\",\"total_s\":6,\"cause\":\"cpu\"}]}";
	struct dcbs_report *r = NULL;

	(void)state;
	assert_int_equal(document_load(text, strlen(text), &r), 0);
	document_show(r);
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"parent\":3}]}", "sections[0].parent");
}

static void test_wrong_values(void **state)
{
	(void)state;
	document_refuse(DOCUMENT_HEAD "3]}", "sections[0]");
	document_refuse(DOCUMENT_HEAD "{}]}", "sections[0].name");
	document_refuse(DOCUMENT_HEAD "{\"name\":3}]}", "sections[0].name");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\"},{\"name\":\"b\",\"count\":1.5}]}", "sections[1].count");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"count\":-1}]}", "sections[0].count");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"total_s\":\"1\"}]}", "total_s");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"total_s\":-0.1}]}", "total_s");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"total_s\":1e300}]}", "total_s");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"kind\":\"cache\"}]}", "kind");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"kind\":7}]}", "kind");
	document_refuse(DOCUMENT_HEAD "],\"targets\":[{\"pid\":9999999999,\"comm\":\"\",\"command\":\"\"}]}", "targets[0].pid");
	document_refuse(DOCUMENT_HEAD "],\"target\":{\"pid\":1,\"comm\":\"\"}}", "target.command");
	document_refuse(DOCUMENT_HEAD "],\"target\":[]}", "target");
	document_refuse(DOCUMENT_HEAD "],\"bottlenecks\":[{\"section\":\"a\",\"cause\":\"magic\"}]}", "bottlenecks[0].cause");
	document_refuse(DOCUMENT_HEAD "],\"caches\":[{\"name\":\"a\",\"timing\":3}]}", "caches[0].timing");
	document_refuse(DOCUMENT_HEAD "],\"model\":{\"generation\":{\"tokens\":\"x\"}}}", "tokens");
	document_refuse(DOCUMENT_HEAD "],\"notes\":[1]}", "notes");
	document_refuse(DOCUMENT_HEAD "],\"notes\":{}}", "notes");
	document_refuse(DOCUMENT_HEAD "],\"lost\":{\"names\":false}}", "names");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"wall\":{\"gil_s\":-1}}]}", "gil_s");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"memory\":{\"grown_bytes\":-1}}]}", "grown_bytes");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"memory\":{\"rss_delta_bytes\":-9223372036854775808}}]}", "rss_delta_bytes");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"growth\":{\"calls\":1,\"histogram\":{\"scale\":5}}}]}", "histogram.scale");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"growth\":{\"histogram\":{\"scale\":2,\"buckets\":[[193,1]]}}}]}", "histogram.buckets");
	document_refuse(DOCUMENT_HEAD "],\"threads\":[{\"pid\":1,\"tid\":-1,\"name\":\"\"}]}", "threads[0].tid");
	document_refuse(DOCUMENT_HEAD "],\"threads\":[{\"pid\":1,\"tid\":1}]}", "threads[0].name");
	document_refuse(DOCUMENT_HEAD "],\"event_loops\":[{\"pid\":1,\"tid\":1}]}", "event_loops[0].thread");
	document_refuse(DOCUMENT_HEAD "],\"event_loops\":[{\"pid\":1,\"tid\":1,\"thread\":\"a\",\"holders\":[{}]}]}", "holders[0].function");
	document_refuse(DOCUMENT_HEAD "],\"event_loops\":[{\"pid\":1,\"tid\":1,\"thread\":\"a\",\"hold\":[]}]}", "hold");
}

static void refuse_buckets(const char *buckets)
{
	char text[512];

	snprintf(text, sizeof(text), DOCUMENT_HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"buckets\":%s}}]}", buckets);
	document_refuse(text, "histogram.buckets");
}

static void test_wrong_histograms(void **state)
{
	(void)state;
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":4,\"buckets\":[]}}]}", "scale");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"zero_count\":-1}}]}", "zero_count");
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"histogram\":{\"scale\":5,\"buckets\":3}}]}", "sections[0].buckets");
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
	assert_int_equal(ftruncate(document_fd, (256 << 20) + 1), 0);
	assert_int_equal(dcbs_report_load(&r, document_path), -EFBIG);
	assert_null(r);
}

/* ---- documents that are made harmless ---- */

static void test_hostile_texts(void **state)
{
	struct dcbs_report *r = NULL;
	static const char text[] =
		DOCUMENT_HEAD "{\"name\":\"\\u001b[2J\\u009b\\u202e\"}],\"notes\":[\"a\\nb\"],"
		"\"target\":{\"pid\":1,\"comm\":\"\\u0007\",\"command\":\"\\r\"},\"unknown\":{\"key\":[[[]]]}}";

	(void)state;
	if (document_load(text, strlen(text), &r))
		fail_msg("%s", dcbs_profiler_error());
	assert_string_equal(r->sections[0].name, "\\x1B[2J\\xC2\\x9B\\xE2\\x80\\xAE");
	assert_string_equal(r->notes[0], "a\\x0Ab");
	assert_string_equal(r->targets[0].comm, "\\x07");
	assert_true(isnan(r->sections[0].total_s) && r->sections[0].count == DCBS_UNKNOWN);
	document_show(r);
}

static void test_deep_nesting(void **state)
{
	static char text[400000];

	(void)state;
	memset(text, '[', sizeof(text) - 1);
	document_refuse(text, "is not JSON");
}

static void test_truncated_anywhere(void **state)
{
	struct dcbs_report *r = NULL;
	char *text = document_text(fixture_evaluation());
	size_t len, whole = strlen(text);

	(void)state;
	for (len = 0; len < whole - 2; len += len < 2000 ? 1 : 37) {
		if (!document_load(text, len, &r))
			fail_msg("%zu bytes of %zu were let through", len, whole);
		assert_non_null(strstr(dcbs_profiler_error(), document_path));
	}
	free(text);
}

static void test_random_damage(void **state)
{
	(void)state;
	document_damage_at_random(fixture_measured());
}

static void test_every_value_of_another_type(void **state)
{
	(void)state;
	assert_true(document_damage_all(fixture_measured()) > 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_documents), cmocka_unit_test(test_wrong_values), cmocka_unit_test(test_circle_of_parents),
		cmocka_unit_test(test_wrong_histograms), cmocka_unit_test(test_files), cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_deep_nesting), cmocka_unit_test(test_truncated_anywhere), cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_every_value_of_another_type),
	};

	return cmocka_run_group_tests(tests, document_open, document_close);
}
