// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* flame.c - stacks as a tree: folded, as a picture and for speedscope; and hostile names. */
#include <jansson.h>

#include "analyse/report.h"
#include "golden.h"
#include "render/flame/flame.h"
#include "render/render.h"
#include "sampled_stacks.h"

static struct dcbs_report *build_report(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	golden_version(r);
	snapshot_free(snap);
	return r;
}

static char *render_as(const struct dcbs_report *r, const char *format)
{
	const struct render_options options = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(render_write(render_by_name(format), f, r, &options), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_golden(void **state)
{
	static const char *const files[][2] = {
		{"folded", "functions.folded"}, {"speedscope", "functions.speedscope.json"}, {"svg", "functions.svg"},
	};
	struct dcbs_report *r = build_report(stacks_evaluation());
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		text = render_as(r, files[i][0]);
		golden_check(files[i][1], text);
		free(text);
	}
	dcbs_report_free(r);
}

/* One section of 3 s, in which f called g from two lines and waited in between. */
static struct snapshot *two_lines(void)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 f1 = stacks_frame(snap, "f", "/x/a.py", 12, true), f2 = stacks_frame(snap, "f", "/x/a.py", 7, true);
	__u32 g = stacks_frame(snap, "g", "/lib/libg.so", 0, false);

	snap->wall_known = true;
	fixture_call(fixture_section(snap, "s", DCBS_NAME_SECTION), 3 * SEC, 3 * SEC);
	fixture_off(snap->sections[0], CAUSE_PIPE, 500 * MS, 500 * MS);
	fixture_off(snap->sections[0], CAUSE_DISK, 500 * MS, 500 * MS);
	stacks_waited(stacks_ran(STACK(snap, 0, f1, g), 10), CAUSE_DISK, 1);
	stacks_ran(STACK(snap, 0, f2, g), 5);
	stacks_waited(stacks_ran(STACK(snap, 0, f2), 5), CAUSE_PIPE, 7);
	return snap;
}

static void test_lines_are_merged(void **state)
{
	struct dcbs_report *r = build_report(two_lines());
	char *text = render_as(r, "folded");

	(void)state;
	assert_string_equal(text, "s;f (a.py) 500000\ns;f (a.py);g (libg.so) 1500000\n"
			    "s;f (a.py);g (libg.so);[waiting: disk] 500000\ns;f (a.py);[waiting] 500000\n");
	free(text);
	dcbs_report_free(r);
}

static void test_tree(void **state)
{
	struct dcbs_report *r = build_report(two_lines());
	const struct flame_node *n;
	struct flame f;
	uint32_t path[8];

	(void)state;
	assert_int_equal(flame_build(&f, r), 0);
	assert_int_equal(f.nr_nodes, 5);
	assert_int_equal(f.depth, 4);
	assert_true(fabs(f.total_s - 3) < 1e-12);
	n = &f.nodes[1];
	assert_string_equal(f.names[n->name].text, "f (a.py)");
	assert_int_equal(f.names[n->name].frame->line, 7);
	assert_int_equal(f.names[n->name].kind, FLAME_PYTHON);
	assert_true(fabs(n->cpu_s - 2) < 1e-12 && fabs(n->off_s - 1) < 1e-12 && fabs(n->self_s - 0.5) < 1e-12);
	assert_int_equal(n->samples, 20);
	assert_int_equal(f.names[f.nodes[2].name].kind, FLAME_NATIVE);
	assert_int_equal(f.names[f.nodes[3].name].kind, FLAME_WAITING);
	assert_int_equal(flame_path(&f, 3, path), 4);
	assert_true(path[0] == 0 && path[1] == 1 && path[2] == 2 && path[3] == 3);
	assert_int_equal(f.nodes[4].parent, 1);
	flame_free(&f);
	dcbs_report_free(r);
}

/* ---- nested sections ---- */

/* inner is always in outer; in outer a function ran, too. beside is in none. */
static struct snapshot *nested(void)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 f = stacks_frame(snap, "f", "/x/a.py", 7, true), g = stacks_frame(snap, "g", "/x/a.py", 9, true);
	int i;

	snap->wall_known = true;
	fixture_call(fixture_section(snap, "outer", DCBS_NAME_SECTION), 4 * SEC, SEC);
	fixture_call(fixture_section(snap, "inner", DCBS_NAME_SECTION), 3 * SEC, 3 * SEC);
	fixture_call(fixture_section(snap, "beside", DCBS_NAME_SECTION), 2 * SEC, 2 * SEC);
	stacks_ran(STACK(snap, 0, f), 10);
	stacks_ran(STACK(snap, 2, g), 20);
	for (i = 0; i < 3; i++)
		stacks_ran(stacks_within(STACK(snap, 1, g, f), 0), 10);
	return snap;
}

static const struct flame_node *find_node(const struct flame *f, const char *name, uint32_t depth)
{
	size_t i;

	for (i = 0; i < f->nr_nodes; i++)
		if (f->nodes[i].depth == depth && !strcmp(f->names[f->nodes[i].name].text, name))
			return &f->nodes[i];
	fail_msg("no node %s", name);
	return NULL;
}

/* The time of each node is its own and that of the nodes right below it; those without a parent make the whole. */
static void check_sums(const struct flame *f)
{
	double *below = calloc(f->nr_nodes + 1, sizeof(*below));
	size_t i;

	assert_non_null(below);
	for (i = 0; i < f->nr_nodes; i++)
		below[f->nodes[i].parent == FLAME_NONE ? f->nr_nodes : f->nodes[i].parent] += f->nodes[i].cpu_s + f->nodes[i].off_s;
	for (i = 0; i < f->nr_nodes; i++)
		assert_true(fabs(f->nodes[i].cpu_s + f->nodes[i].off_s - f->nodes[i].self_s - below[i]) < 1e-9);
	assert_true(fabs(f->total_s - below[f->nr_nodes]) < 1e-9);
	free(below);
}

static void test_sections_nest(void **state)
{
	struct dcbs_report *r = build_report(nested());
	const struct flame_node *inner;
	struct flame f;

	(void)state;
	assert_int_equal(flame_build(&f, r), 0);
	check_sums(&f);
	assert_true(fabs(f.total_s - 6) < 1e-9);
	assert_true(fabs(find_node(&f, "outer", 0)->cpu_s - 4) < 1e-9);
	assert_true(fabs(find_node(&f, "beside", 0)->cpu_s - 2) < 1e-9);
	inner = find_node(&f, "inner", 1);
	assert_true(fabs(inner->cpu_s - 3) < 1e-9);
	assert_ptr_equal(&f.nodes[inner->parent], find_node(&f, "outer", 0));
	assert_int_equal(flame_section(&f, (uint32_t)(inner - f.nodes) + 2), inner - f.nodes);
	flame_free(&f);
	dcbs_report_free(r);
}

static void test_sums_of_the_evaluation(void **state)
{
	struct dcbs_report *r = build_report(stacks_evaluation());
	struct flame f;

	(void)state;
	assert_int_equal(flame_build(&f, r), 0);
	check_sums(&f);
	flame_free(&f);
	dcbs_report_free(r);
}

static void set_parent(struct dcbs_report *r, size_t section, const char *parent)
{
	free(r->sections[section].parent);
	r->sections[section].parent = parent ? strdup(parent) : NULL;
}

/* A document may hold sections around themselves, and stacks of sections that it does not have. */
static void test_any_tree(void **state)
{
	struct dcbs_report *r = build_report(nested());
	struct flame f;
	size_t i;

	(void)state;
	set_parent(r, 0, r->sections[1].name);
	set_parent(r, 1, r->sections[2].name);
	set_parent(r, 2, r->sections[0].name);
	free(r->stacks[0].section);
	r->stacks[0].section = strdup("of no section");
	assert_int_equal(flame_build(&f, r), 0);
	check_sums(&f);
	find_node(&f, "of no section", 0);
	flame_free(&f);
	for (i = 0; i < 3; i++)
		set_parent(r, i, r->sections[i].name);
	assert_int_equal(flame_build(&f, r), 0);
	check_sums(&f);
	flame_free(&f);
	dcbs_report_free(r);
}

/* The line of a function that is said to be the hottest is the one of that section, and not the first one. */
static void test_hottest_lines(void **state)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 first = stacks_frame(snap, "f", "/x/a.py", 7, true), hot = stacks_frame(snap, "f", "/x/a.py", 12, true);
	struct dcbs_report *r;
	char *text;

	(void)state;
	snap->wall_known = true;
	fixture_call(fixture_section(snap, "s", DCBS_NAME_SECTION), SEC, SEC);
	fixture_call(fixture_section(snap, "t", DCBS_NAME_SECTION), SEC, SEC);
	stacks_ran(STACK(snap, 0, first), 1);
	stacks_ran(STACK(snap, 0, hot), 9);
	stacks_ran(STACK(snap, 1, first), 8);
	stacks_ran(STACK(snap, 1, hot), 2);
	r = build_report(snap);
	text = render_as(r, "svg");
	assert_non_null(strstr(text, "f (a.py)\n/x/a.py:7\nhottest line in s: 12 (9 samples)\n"));
	assert_non_null(strstr(text, "f (a.py)\n/x/a.py:7\nhottest line in t: 7 (8 samples)\n"));
	free(text);
	dcbs_report_free(r);
}

/* ---- names ---- */

static struct dcbs_report *hostile_report(void)
{
	struct snapshot *snap = stacks_begin(fixture_empty());

	snap->wall_known = true;
	fixture_target(snap, 1, "x", "</text><script>alert(1)</script>");
	fixture_call(fixture_section(snap, "<s>;&\"'", DCBS_NAME_SECTION), SEC, SEC);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "a;b]]>\n<script>", "/</title>.py", 1, true),
			 stacks_frame(snap, "\033[2J \303\251 \377", NULL, 0, false)), 1);
	return build_report(snap);
}

static void test_folded_names(void **state)
{
	struct dcbs_report *r = hostile_report();
	char *text = render_as(r, "folded");

	(void)state;
	assert_string_equal(text, "<s>\\x3B&\"';a\\x3Bb]]>\\x0A<script> (title>.py);\\x1B[2J \303\251 \\xFF 1000000\n");
	free(text);
	dcbs_report_free(r);
}

/* Names add no elements to the picture and do not end its script. */
static void test_svg_names(void **state)
{
	struct dcbs_report *r = hostile_report();
	char *text = render_as(r, "svg"), *at;

	(void)state;
	assert_non_null(strstr(text, "&lt;s&gt;;&amp;&quot;&#39;"));
	assert_non_null(strstr(text, "/&lt;/title&gt;.py:1\n"));
	at = strstr(text, "<script>");
	assert_ptr_equal(at, strstr(text, "<script><![CDATA["));
	assert_null(strstr(at + 1, "<script>"));
	at = strstr(text, "]]>");
	assert_string_equal(at, "]]></script>\n</svg>\n");
	assert_null(strchr(text, '\033'));
	free(text);
	dcbs_report_free(r);
}

static void test_speedscope_names(void **state)
{
	struct dcbs_report *r = hostile_report();
	char *text = render_as(r, "speedscope");
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *frames, *profile;

	(void)state;
	assert_non_null(doc);
	frames = json_object_get(json_object_get(doc, "shared"), "frames");
	profile = json_array_get(json_object_get(doc, "profiles"), 1);
	assert_string_equal(json_string_value(json_object_get(profile, "name")), "<s>;&\"'");
	assert_string_equal(json_string_value(json_object_get(json_array_get(frames, json_integer_value(json_array_get(
		json_array_get(json_object_get(profile, "samples"), 0), 0))), "name")), "a;b]]>\\x0A<script>");
	json_decref(doc);
	free(text);
	dcbs_report_free(r);
}

/* ---- the picture ---- */

/* Frames lie within the frame above them and do not overlap; the sections fill the width. */
static void test_places(void **state)
{
	struct dcbs_report *r = build_report(stacks_evaluation());
	char *text = render_as(r, "svg"), *at = text;
	double x, width, end[64] = {0}, left[64] = {0}, sections = 0;
	unsigned int y, depth, frames = 0;

	(void)state;
	end[0] = 100;
	while ((at = strstr(at, "<svg class=\"f "))) {
		at = strstr(at, " x=\"");
		assert_int_equal(sscanf(at, " x=\"%lf%%\" y=\"%u\" width=\"%lf%%\"", &x, &y, &width), 3);
		depth = (y - 146) / 18;
		assert_true(depth < 64);
		if (depth) {
			assert_true(x >= left[depth - 1] - 1e-4 && x + width <= end[depth - 1] + 1e-4);
			assert_true(x >= end[depth] - 1e-4 || x >= left[depth - 1] - 1e-4);
		}
		left[depth] = x;
		end[depth] = x + width;
		sections += depth == 1 ? width : 0;
		frames++;
	}
	assert_true(frames > 30 && fabs(sections - 100) < 1e-3);
	free(text);
	dcbs_report_free(r);
}

static void test_no_samples(void **state)
{
	struct dcbs_report *r = build_report(fixture_empty());
	char *folded = render_as(r, "folded"), *svg = render_as(r, "svg"), *speedscope = render_as(r, "speedscope");
	json_t *doc = json_loads(speedscope, 0, NULL);

	(void)state;
	assert_string_equal(folded, "");
	assert_non_null(strstr(svg, "There are no samples"));
	assert_int_equal(json_array_size(json_object_get(doc, "profiles")), 1);
	json_decref(doc);
	free(folded);
	free(svg);
	free(speedscope);
	dcbs_report_free(r);
}

/* Stacks without time have no line and no width. */
static void test_stacks_of_no_time(void **state)
{
	struct snapshot *snap = two_lines();
	struct dcbs_report *r;
	char *text;

	(void)state;
	memset(&snap->sections[0]->ledger, 0, sizeof(snap->sections[0]->ledger));
	snap->sections[0]->stat.total_ns = snap->sections[0]->stat.self_ns = 0;
	r = build_report(snap);
	text = render_as(r, "folded");
	assert_string_equal(text, "");
	free(text);
	text = render_as(r, "svg");
	assert_null(strstr(text, "nan"));
	free(text);
	free(render_as(r, "speedscope"));
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_lines_are_merged), cmocka_unit_test(test_tree),
		cmocka_unit_test(test_sections_nest), cmocka_unit_test(test_sums_of_the_evaluation), cmocka_unit_test(test_any_tree),
		cmocka_unit_test(test_hottest_lines), cmocka_unit_test(test_folded_names), cmocka_unit_test(test_svg_names),
		cmocka_unit_test(test_speedscope_names), cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_samples), cmocka_unit_test(test_stacks_of_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
