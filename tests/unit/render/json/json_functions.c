// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_functions.c - functions and stacks in the document: their order, that reading restores them, and hostile ones. */
#include "document.h"
#include "sampled_stacks.h"

static void test_golden(void **state)
{
	char *text = document_text(stacks_evaluation());

	(void)state;
	golden_check("functions.json", text);
	free(text);
}

static void test_round_trip(void **state)
{
	(void)state;
	document_round_trip(document_report(stacks_evaluation()));
}

#define FRAMES "],\"frames\":[{\"function\":\"f\"},{\"function\":\"g\",\"line\":3}],\"stacks\":["

static void test_wrong_functions(void **state)
{
	(void)state;
	document_refuse(DOCUMENT_HEAD "],\"functions\":{}}", "functions");
	document_refuse(DOCUMENT_HEAD "],\"functions\":[{\"function\":\"f\"}]}", "functions[0].section");
	document_refuse(DOCUMENT_HEAD "],\"functions\":[{\"section\":\"s\",\"function\":null}]}", "functions[0].function");
	document_refuse(DOCUMENT_HEAD "],\"functions\":[{\"section\":\"s\",\"function\":\"f\",\"self_s\":-1}]}", "functions[0].self_s");
	document_refuse(DOCUMENT_HEAD "],\"functions\":[{\"section\":\"s\",\"function\":\"f\",\"line\":-1}]}", "functions[0].line");
	document_refuse(DOCUMENT_HEAD "],\"frames\":[3]}", "frames[0]");
	document_refuse(DOCUMENT_HEAD "],\"frames\":[{\"file\":\"x\"}]}", "frames[0].function");
	document_refuse(DOCUMENT_HEAD "],\"frequency_hz\":-1}", "frequency_hz");
	document_refuse(DOCUMENT_HEAD "],\"frequency_hz\":9999999999}", "frequency_hz");
	document_refuse(DOCUMENT_HEAD "],\"stacks\":[[\"s\",0,0,0,[0]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "{}]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[0]],[\"s\",0,0,0,[2]]]}", "stacks[1]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[-1]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[0.5]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[4294967296]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,0]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[0,0,0,0,[0]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",-1,0,0,[0]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,null,0,[0]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0.5,[0]]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[0],\"magic\"]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[0],3]]}", "stacks[0]");
	document_refuse(DOCUMENT_HEAD FRAMES "[\"s\",0,0,0,[0],null]]}", "stacks[0]");
}

/* A stack of 1024 frames is read, one of 1025 is refused. */
static void test_deep_stacks(void **state)
{
	struct dcbs_report *r = NULL;
	char text[8192];
	int frames;

	(void)state;
	for (frames = 1024; frames <= 1025; frames++) {
		size_t len = (size_t)snprintf(text, sizeof(text), DOCUMENT_HEAD FRAMES "[\"s\",1e17,1e18,9223372036854775807,[0");

		while (frames > (int)(len - strlen(DOCUMENT_HEAD FRAMES "[\"s\",1e17,1e18,9223372036854775807,[0")) / 2 + 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, ",1");
		snprintf(text + len, sizeof(text) - len, "],\"gil\"],[\"s\",0,0,9223372036854775807,[]]]}");
		if (frames == 1025) {
			document_refuse(text, "stacks[0]");
			continue;
		}
		if (document_load(text, strlen(text), &r))
			fail_msg("%s", dcbs_profiler_error());
		assert_int_equal(r->stacks[0].nr_frames, 1024);
		assert_int_equal(r->stacks[0].cause, DCBS_CAUSE_GIL);
		document_show(r);
	}
}

/* Functions are written in the requested order. */
static void test_order(void **state)
{
	const struct render_options options = {.order = ORDER_SELF};
	struct dcbs_report *r = document_report(stacks_evaluation());
	char *text = NULL;
	size_t len, i, at = 0;
	FILE *f = open_memstream(&text, &len);
	json_t *doc, *function;
	double before = INFINITY;

	(void)state;
	assert_int_equal(render_write(render_by_name("json"), f, r, &options), 0);
	fclose(f);
	doc = json_loads(text, 0, NULL);
	json_array_foreach(json_object_get(doc, "functions"), i, function) {
		if (strcmp(json_string_value(json_object_get(function, "section")), "forward_pass"))
			continue;
		assert_true(json_number_value(json_object_get(function, "self_s")) <= before);
		before = json_number_value(json_object_get(function, "self_s"));
		at++;
	}
	assert_int_equal(at, 12);
	json_decref(doc);
	free(text);
	dcbs_report_free(r);
}

/* A snapshot with hardly anything but stacks. */
static struct snapshot *few_stacks(void)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 f = stacks_frame(snap, "f", "a.py", 3, true), g = stacks_frame(snap, "g", NULL, 0, false);

	fixture_section(snap, "s", DCBS_NAME_SECTION)->open = 1;
	stacks_ran(STACK(snap, 0, f, g), 7);
	stacks_waited(stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, f), 2), CAUSE_DISK, SEC);
	return snap;
}

static void test_damage(void **state)
{
	(void)state;
	document_damage_at_random(few_stacks());
	assert_true(document_damage_all(few_stacks()) > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_wrong_functions),
		cmocka_unit_test(test_deep_stacks), cmocka_unit_test(test_order), cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, document_open, document_close);
}
