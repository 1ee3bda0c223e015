// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_gpu.c - the time in a driver of a GPU survives a round trip, with its verdict. */
#include "document.h"
#include "gpu_stacks.h"

static struct dcbs_report *gpu_report(void)
{
	struct snapshot *snap = gpu_section();

	gpu_ticks(snap, "cuStreamSynchronize", 80);
	gpu_ticks(snap, "cuMemcpyDtoH_v2", 5);
	gpu_ticks(snap, "cuLaunchKernel", 10);
	gpu_ticks(snap, NULL, 3);
	gpu_host_ticks(snap, 2);
	return document_report(snap);
}

static void test_round_trip(void **state)
{
	(void)state;
	document_round_trip(gpu_report());
}

static void test_the_same_figures(void **state)
{
	struct dcbs_report *r = gpu_report(), *back = NULL;
	char *text = dcbs_report_json(r);

	(void)state;
	assert_int_equal(document_load(text, strlen(text), &back), 0);
	assert_int_equal(r->nr_gpu_libraries, 1);
	assert_int_equal(back->nr_gpu_libraries, 1);
	assert_string_equal(back->gpu_libraries[0], "libcuda");
	near(back->sections[0].gpu.wait_s, 8.5);
	near(back->sections[0].gpu.d2h_s, 0.5);
	near(back->sections[0].gpu.unknown_s, 0.3);
	assert_int_equal(back->bottlenecks[0].cause, DCBS_CAUSE_GPU);
	assert_true(strstr(text, "\"wait_s_error\":") && strstr(text, "\"gpu_libraries\":"));
	free(text);
	dcbs_report_free(back);
	dcbs_report_free(r);
}

/* A document that anyone may have written: each wrong value is refused or harmless. */
static void test_damage(void **state)
{
	struct snapshot *snap = gpu_section();

	(void)state;
	gpu_ticks(snap, "cuStreamSynchronize", 80);
	document_damage_all(snap);
}

static void test_a_negative_time(void **state)
{
	(void)state;
	document_refuse(DOCUMENT_HEAD "{\"name\":\"a\",\"gpu\":{\"wait_s\":-1}}]}", "wait_s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_the_same_figures),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_a_negative_time),
	};

	return cmocka_run_group_tests(tests, document_open, document_close);
}
