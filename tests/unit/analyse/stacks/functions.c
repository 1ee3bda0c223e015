// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* functions.c - samples of the stack share out exact times, and the sums close. */
#include "analyse/stacks/functions.h"
#include "analyse/report.h"
#include "analyse/stacks/stacks.h"
#include "sampled_stacks.h"

#define near(a, b) assert_true(fabs((double)(a) - (double)(b)) <= 1e-9 * (1 + fabs((double)(b))))

static struct dcbs_report *build(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

/* A section of so much time of its own, its ledger known. */
static struct snapshot *one_section(__u64 ns)
{
	struct snapshot *snap = stacks_begin(fixture_empty());

	snap->wall_known = true;
	fixture_call(fixture_row(snap, "work", DCBS_NAME_SECTION), ns, ns);
	return snap;
}

static const struct dcbs_function *find(const struct dcbs_report *r, const char *section, const char *function)
{
	size_t i;

	for (i = 0; i < r->nr_functions; i++)
		if (!strcmp(r->functions[i].section, section) && !strcmp(r->functions[i].function, function))
			return &r->functions[i];
	return NULL;
}

static double self_sum(const struct dcbs_report *r, const char *section)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < r->nr_functions; i++) {
		if (strcmp(r->functions[i].section, section))
			continue;
		sum += r->functions[i].self_s;
		near(r->functions[i].self_s, r->functions[i].self_cpu_s + r->functions[i].self_off_s);
	}
	return sum;
}

static double stack_sum(const struct dcbs_report *r, const char *section)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < r->nr_stacks; i++)
		if (!strcmp(r->stacks[i].section, section))
			sum += r->stacks[i].cpu_s + r->stacks[i].off_s;
	return sum;
}

/* ---- sums ---- */

/* 990 samples at 99 Hz where the thread ran 10.5 s: 10.5 s, neither 10 nor 9.9. */
static void test_exact_time(void **state)
{
	struct snapshot *snap = one_section(10500 * MS);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);
	const struct dcbs_function *function;
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, f, g), 660);
	stacks_ran(STACK(snap, 0, f), 330);
	r = build(snap);
	assert_int_equal(r->frequency_hz, 99);
	assert_int_equal(r->nr_functions, 2);
	function = find(r, "work", "f");
	near(function->self_s, 3.5);
	near(function->cumulative_s, 10.5);
	assert_int_equal(function->self_samples, 330);
	assert_int_equal(function->cumulative_samples, 990);
	assert_int_equal(function->calls, DCBS_UNKNOWN);
	assert_true(function->python && function->line == 1);
	near(find(r, "work", "g")->self_s, 7);
	near(self_sum(r, "work"), 10.5);
	near(stack_sum(r, "work"), 10.5);
	dcbs_report_free(r);
}

/* Waits are shared out cause by cause: the longest wait for the disk says nothing of sleeping. */
static void test_waits(void **state)
{
	struct snapshot *snap = one_section(20 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), load = stacks_frame(snap, "load", "a.py", 9, true);
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_DISK, 9 * SEC, 9 * SEC);
	fixture_off(snap->sections[0], CAUSE_SLEEP, 6 * SEC, 6 * SEC);
	stacks_ran(STACK(snap, 0, f), 100);
	stacks_waited(STACK(snap, 0, f, load), CAUSE_DISK, 4 * SEC);
	stacks_waited(stacks_waited(STACK(snap, 0, f), CAUSE_DISK, 2 * SEC), CAUSE_SLEEP, 10 * MS);
	r = build(snap);
	near(find(r, "work", "load")->self_off_s, 6);
	near(find(r, "work", "load")->self_cpu_s, 0);
	assert_int_equal(find(r, "work", "load")->cumulative_samples, 0);
	near(find(r, "work", "f")->self_off_s, 9);
	near(find(r, "work", "f")->self_cpu_s, 5);
	near(find(r, "work", "f")->cumulative_off_s, 15);
	near(self_sum(r, "work"), 20);
	near(stack_sum(r, "work"), 20);
	assert_int_equal(r->nr_stacks, 4);
	assert_int_equal(r->stacks[0].cause, DCBS_CAUSE_CPU);
	assert_int_equal(r->stacks[1].cause, DCBS_CAUSE_DISK);
	assert_true(r->stacks[1].cpu_s == 0 && r->stacks[1].samples == 0 && r->stacks[1].nr_frames == 2);
	dcbs_report_free(r);
}

/* Waiting that no stack was seen of is told once it is more than a hundredth of the section. */
static void test_not_sampled(void **state)
{
	struct snapshot *snap;
	struct dcbs_report *r;
	int tenths;

	(void)state;
	for (tenths = 0; tenths <= 2; tenths++) {
		snap = one_section(10 * SEC);
		fixture_off(snap->sections[0], CAUSE_LOCK, tenths * 60 * MS, tenths * 60 * MS);
		fixture_off(snap->sections[0], CAUSE_PIPE, tenths * 20 * MS, tenths * 20 * MS);
		stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), 7);
		r = build(snap);
		if (tenths == 2) {
			near(find(r, "work", "(not sampled)")->self_off_s, 0.16);
			near(self_sum(r, "work"), 10);
			near(stack_sum(r, "work"), 10);
		} else {
			assert_null(find(r, "work", "(not sampled)"));
			near(self_sum(r, "work"), 10 - tenths * 0.08);
		}
		dcbs_report_free(r);
	}
}

static void test_ran_without_a_tick(void **state)
{
	struct snapshot *snap = one_section(SEC);
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_SLEEP, 900 * MS, 900 * MS);
	stacks_waited(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), CAUSE_SLEEP, 1);
	r = build(snap);
	near(find(r, "work", "(not sampled)")->self_cpu_s, 0.1);
	near(find(r, "work", "f")->self_off_s, 0.9);
	dcbs_report_free(r);
}

/* ---- sections ---- */

static struct snapshot *nested(void)
{
	struct snapshot *snap = one_section(10 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);

	snap->sections[0]->stat.self_ns = 4 * SEC;
	fixture_call(fixture_row(snap, "inner", DCBS_NAME_SECTION), 6 * SEC, 6 * SEC);
	stacks_ran(STACK(snap, 0, f), 400);
	stacks_within(stacks_ran(STACK(snap, 1, f, g), 600), 0);
	return snap;
}

/* Functions are of a section with what it called; stacks are of the innermost one, so that none counts twice. */
static void test_nested_sections(void **state)
{
	struct dcbs_report *r = build(nested());

	(void)state;
	assert_int_equal(r->nr_functions, 4);
	near(find(r, "work", "f")->cumulative_s, 10);
	near(find(r, "work", "g")->self_s, 6);
	near(find(r, "inner", "f")->cumulative_s, 6);
	near(find(r, "inner", "f")->self_s, 0);
	near(stack_sum(r, "work"), 4);
	near(stack_sum(r, "inner"), 6);
	assert_string_equal(r->functions[0].section, "work");
	assert_string_equal(r->functions[3].section, "inner");
	dcbs_report_free(r);
}

static struct snapshot *with_outside(bool known)
{
	struct snapshot *snap = one_section(2 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true);

	snap->wall_known = known;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 12 * SEC), CAUSE_NETWORK, 4 * SEC);
	stacks_ran(STACK(snap, 0, f), 198);
	stacks_waited(stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, f), 99), CAUSE_NETWORK, SEC);
	STACK(snap, 0, f)->nr_sections = 0;
	snap->stacks[2].cpu_samples = 99;
	return snap;
}

static void test_outside(void **state)
{
	struct dcbs_report *r = build(with_outside(true));

	(void)state;
	near(dcbs_report_section(r, DCBS_OUTSIDE)->total_s, 10);
	near(find(r, DCBS_OUTSIDE, "f")->self_cpu_s, 6);
	near(find(r, DCBS_OUTSIDE, "f")->self_off_s, 4);
	assert_int_equal(find(r, DCBS_OUTSIDE, "f")->self_samples, 198);
	assert_string_equal(r->functions[r->nr_functions - 1].section, DCBS_OUTSIDE);
	dcbs_report_free(r);
}

/* What is outside of sections is without the time of idle threads, and so without their stacks. */
static void test_idle_threads(void **state)
{
	struct snapshot *snap = with_outside(true);
	struct dcbs_report *r;

	(void)state;
	fixture_thread_off(fixture_thread(snap, 7, "spare", 12 * SEC), CAUSE_NETWORK, 12 * SEC);
	fixture_thread_off(fixture_thread(snap, 8, "worker", 12 * SEC), CAUSE_NETWORK, 6 * SEC);
	stacks_waited(STACK(snap, SNAPSHOT_OUTSIDE, stacks_frame(snap, "idle", NULL, 0, false)), CAUSE_NETWORK, 12 * SEC)->tid = 7;
	stacks_waited(STACK(snap, SNAPSHOT_OUTSIDE, stacks_frame(snap, "busy", NULL, 0, false)), CAUSE_NETWORK, SEC)->tid = 8;
	r = build(snap);
	assert_null(find(r, DCBS_OUTSIDE, "idle"));
	near(find(r, DCBS_OUTSIDE, "f")->self_off_s, 5);
	near(find(r, DCBS_OUTSIDE, "busy")->self_off_s, 5);
	near(self_sum(r, DCBS_OUTSIDE), dcbs_report_section(r, DCBS_OUTSIDE)->total_s);
	dcbs_report_free(r);
}

/* ---- functions that are sections ---- */

static struct snapshot_section *sampled_section(struct snapshot *snap, const char *name)
{
	struct snapshot_section *row = fixture_row(snap, name, DCBS_NAME_SECTION);

	row->stat.sampled = SAMPLED;
	return row;
}

/* f calls g, within `work`; both wait, g for itself and three others. */
static struct snapshot *sampled(void)
{
	struct snapshot *snap = one_section(10 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);
	struct snapshot_stack *waited;

	sampled_section(snap, "F");
	sampled_section(snap, "G");
	fixture_thread_off(fixture_thread(snap, 4242, "main", 10 * SEC), CAUSE_SLEEP, 6 * SEC);
	fixture_thread_off(fixture_thread(snap, 7, "spare", 100 * SEC), CAUSE_SLEEP, 100 * SEC);
	stacks_within(stacks_ran(STACK(snap, 0, f), 100), 1);
	stacks_within(stacks_within(stacks_ran(STACK(snap, 0, f, g), 300), 2), 1);
	stacks_within(stacks_waited(STACK(snap, 0, f), CAUSE_SLEEP, 2 * SEC), 1);
	waited = stacks_within(stacks_within(stacks_waited(STACK(snap, 0, f, g), CAUSE_SLEEP, 4 * SEC), 2), 1);
	waited->off_ns2 = 4e9 * 4e9 * 0.75;
	return snap;
}

static void test_sampled_sections(void **state)
{
	struct dcbs_report *r = build(sampled());
	const struct dcbs_section *f = dcbs_report_section(r, "F"), *g = dcbs_report_section(r, "G");

	(void)state;
	near(f->total_s, 10);
	near(f->self_s, 3);
	near(g->total_s, 7);
	near(g->self_s, 7);
	near(f->wall.sleep_s, 6);
	near(f->wall.cpu_s, 4);
	near(g->self_wall.sleep_s, 4);
	near(f->error_s, sqrt(400 * 0.01 * 0.01 + 12));
	near(g->error_s, sqrt(300 * 0.01 * 0.01 + 12));
	assert_true(f->count == DCBS_UNKNOWN && isnan(f->mean_s) && isnan(dcbs_report_section(r, "work")->error_s));
	near(self_sum(r, "F"), 10);
	near(self_sum(r, "G"), 7);
	near(find(r, "G", "f")->self_s, 0);
	near(dcbs_report_section(r, "work")->self_s, 10);
	dcbs_report_free(r);
}

/* Of a function's calls 1000 were timed, at 101 us with a probe that takes 1 us: in 7 s there are 70,000. */
static void test_sampled_and_timed(void **state)
{
	struct snapshot *snap = sampled();
	struct snapshot_section *g = snap->sections[2];
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	g->probe_ns = 1000;
	g->stat.count = 1000;
	g->stat.sum_ns = g->stat.total_ns = 1000 * 101000;
	g->stat.max_ns = 200000;
	g->stat.min_inv_ns = ~(__u64)90000;
	g->stat.buckets[hist_place(95000)] = 600;
	g->stat.buckets[hist_place(110000)] = 400;
	r = build(snap);
	s = dcbs_report_section(r, "G");
	assert_int_equal(s->count, 70000);
	near(s->total_s, 7);
	near(s->mean_s, 101e-6);
	near(s->max_s, 200e-6);
	assert_true(s->p50_s > 93e-6 && s->p50_s < 97e-6 && s->p90_s > 107e-6 && s->p90_s < 113e-6);
	assert_int_equal(s->histogram.buckets[0].count + s->histogram.buckets[1].count, 70000);
	assert_false(isnan(s->error_s));
	dcbs_report_free(r);
}

/* Of a short function a probe takes most of the time; of too few calls nothing can be said. */
static void test_sampled_and_not_timed_well(void **state)
{
	static const struct { __u64 count, each_ns; double probe_ns; } cases[] = {{1000, 5000, 1000}, {50, 101000, 1000}, {1000, 101000, NAN}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot *snap = sampled();
		struct snapshot_section *g = snap->sections[2];
		struct dcbs_report *r;

		g->probe_ns = cases[i].probe_ns;
		g->stat.count = cases[i].count;
		g->stat.sum_ns = g->stat.total_ns = cases[i].count * cases[i].each_ns;
		g->stat.buckets[hist_place(cases[i].each_ns)] = cases[i].count;
		r = build(snap);
		assert_true(dcbs_report_section(r, "G")->count == DCBS_UNKNOWN && isnan(dcbs_report_section(r, "G")->mean_s));
		dcbs_report_free(r);
	}
}

/* Where the kernel does not tell times, samples do. */
static void test_unknown_ledgers(void **state)
{
	struct dcbs_report *r = build(with_outside(false));

	(void)state;
	assert_null(dcbs_report_section(r, DCBS_OUTSIDE));
	near(find(r, "work", "f")->self_s, 2);
	near(find(r, DCBS_OUTSIDE, "f")->self_cpu_s, 2);
	near(find(r, DCBS_OUTSIDE, "f")->self_off_s, 1);
	near(stack_sum(r, DCBS_OUTSIDE), 3);
	dcbs_report_free(r);
}

static void test_rows_that_are_no_sections(void **state)
{
	struct snapshot *snap = one_section(SEC);
	__u32 f = stacks_frame(snap, "f", NULL, 0, false);
	struct dcbs_report *r;

	(void)state;
	fixture_count(&fixture_row(snap, "cache", DCBS_NAME_CACHE)->stat, 5);
	stacks_within(stacks_ran(STACK(snap, 0, f), 1), 0);
	stacks_within(stacks_ran(STACK(snap, 1, f), 1), 99);
	snap->stacks[0].nr_sections = 1000;		/* more than there is room for */
	r = build(snap);
	assert_int_equal(r->nr_functions, 1);
	assert_int_equal(r->nr_stacks, 1);
	near(self_sum(r, "work"), 1);
	dcbs_report_free(r);
}

/* ---- functions ---- */

static void test_recursion_counts_once(void **state)
{
	struct snapshot *snap = one_section(9 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 4, true), f2 = stacks_frame(snap, "f", "a.py", 2, true);
	__u32 g = stacks_frame(snap, "g", "a.py", 9, true);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, f, g, f2, g, f, f), 2);
	stacks_ran(STACK(snap, 0, g, f2), 1);
	r = build(snap);
	assert_int_equal(r->nr_functions, 2);
	near(find(r, "work", "f")->cumulative_s, 9);
	near(find(r, "work", "f")->self_s, 9);
	assert_int_equal(find(r, "work", "f")->cumulative_samples, 3);
	assert_int_equal(find(r, "work", "f")->line, 2);
	near(find(r, "work", "g")->cumulative_s, 9);
	near(find(r, "work", "g")->self_s, 0);
	assert_int_equal(r->stacks[0].nr_frames, 6);
	assert_int_equal(r->frames[r->stacks[0].frames[0]].line, 4);	/* outermost first */
	assert_string_equal(r->frames[r->stacks[0].frames[1]].function, "g");
	dcbs_report_free(r);
}

static void test_same_name_in_two_files(void **state)
{
	struct snapshot *snap = one_section(3 * SEC);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", "a.py", 0, true), stacks_frame(snap, "f", "b.py", 7, true)), 1);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), 2);
	r = build(snap);
	assert_int_equal(r->nr_functions, 3);
	assert_null(r->functions[0].file);
	near(r->functions[0].self_s, 2);
	assert_string_equal(r->functions[1].file, "a.py");
	assert_int_equal(r->functions[1].line, DCBS_UNKNOWN);
	assert_string_equal(r->functions[2].file, "b.py");
	dcbs_report_free(r);
}

static void test_unknown_frames(void **state)
{
	struct snapshot *snap = one_section(4 * SEC);
	__u32 nameless = stacks_frame(snap, NULL, NULL, 0, false), empty = stacks_frame(snap, "", "", 0, false);
	__u32 library = stacks_frame(snap, NULL, "libx.so", 0, false);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, nameless), 1);
	stacks_ran(STACK(snap, 0, empty), 1);
	stacks_ran(STACK(snap, 0, library, 4711), 1);	/* no such frame */
	STACK(snap, 0, library)->nr_frames = 0;		/* not a single one */
	stacks_ran(&snap->stacks[3], 1);
	r = build(snap);
	assert_int_equal(r->nr_functions, 2);
	assert_string_equal(r->functions[0].function, "(unknown)");
	assert_null(r->functions[0].file);
	near(r->functions[0].self_s, 4);
	near(find(r, "work", "(unknown)")->cumulative_s, 4);
	assert_string_equal(r->functions[1].function, "(unknown)");
	assert_string_equal(r->functions[1].file, "libx.so");
	near(r->functions[1].cumulative_s, 1);
	assert_string_equal(r->frames[r->stacks[3].frames[0]].function, "(unknown)");
	dcbs_report_free(r);
}

/* What is on every stack has the same time as its callers: then callers come first. */
static void test_callers_come_first(void **state)
{
	static const char *const want[] = {"zebra", "middle", "apple", "leaf", "twig"};
	struct snapshot *snap = one_section(3333 * MS);
	__u32 a = stacks_frame(snap, "zebra", "z.py", 1, true), b = stacks_frame(snap, "middle", "z.py", 2, true);
	__u32 c = stacks_frame(snap, "apple", "z.py", 3, true), leaf = stacks_frame(snap, "leaf", "z.py", 4, true);
	struct dcbs_report *r;
	size_t i;

	(void)state;
	stacks_ran(STACK(snap, 0, a, b, c, leaf), 101);
	stacks_ran(STACK(snap, 0, a, b, c, stacks_frame(snap, "twig", "z.py", 5, true)), 3);
	stacks_ran(STACK(snap, 0, a, b, c), 7);
	r = build(snap);
	assert_int_equal(r->nr_functions, 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(r->functions[i].function, want[i]);
	dcbs_report_free(r);
}

static void test_hostile_names(void **state)
{
	struct snapshot *snap = one_section(SEC);
	char raw[5000];
	struct dcbs_report *r;

	(void)state;
	memset(raw, 0x1b, sizeof(raw) - 1);
	raw[sizeof(raw) - 1] = 0;
	stacks_ran(STACK(snap, 0, stacks_frame(snap, raw, "\377/\n.py", 0xffffffff, true)), 1);
	r = build(snap);
	assert_int_equal(strlen(r->functions[0].function), 4096);
	assert_string_equal(r->functions[0].file, "\\xFF/\\x0A.py");
	assert_int_equal(r->functions[0].line, 0xffffffff);
	dcbs_report_free(r);
}

/* ---- many ---- */

/* A snapshot of that many stacks, each with a function of its own below a common one. */
static struct snapshot *many(__u32 nr)
{
	struct snapshot *snap = one_section(60 * SEC);
	struct snapshot_stack *s;
	char name[32];
	__u32 i;

	free(snap->frames);
	free(snap->stacks);
	snap->frames = calloc(nr + 1, sizeof(*snap->frames));
	snap->stacks = calloc(nr, sizeof(*snap->stacks));
	assert_true(snap->frames && snap->stacks);
	for (i = 0; i <= nr; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		snap->frames[snap->nr_frames++].function = strdup(i < nr ? name : "common");
	}
	for (i = 0; i < nr; i++) {
		s = &snap->stacks[snap->nr_stacks++];
		s->nr_sections = 1;
		s->nr_frames = 2;
		s->frames = calloc(2, sizeof(*s->frames));
		s->frames[0] = i;
		s->frames[1] = nr;
		s->cpu_samples = i % 7 ? 1 : 2;
		s->off_ns[CAUSE_SLEEP] = i == 5;
	}
	fixture_off(snap->sections[0], CAUSE_SLEEP, SEC, SEC);
	return snap;
}

static void test_many_functions(void **state)
{
	struct dcbs_report *r = build(many(300));
	const struct dcbs_function *rest = find(r, "work", "(101 more)");

	(void)state;
	assert_int_equal(r->nr_functions, FUNCTIONS_MOST + 1);
	assert_ptr_equal(rest, &r->functions[FUNCTIONS_MOST]);
	assert_string_equal(r->functions[0].function, "common");
	near(r->functions[0].cumulative_s, 60);
	assert_true(isnan(rest->cumulative_s) && rest->cumulative_samples == DCBS_UNKNOWN && !rest->file);
	assert_int_equal(rest->self_samples, 101);
	near(self_sum(r, "work"), 60);
	dcbs_report_free(r);
}

/* Most have one tick: of equal ones some are kept, too. */
static void test_many_stacks(void **state)
{
	const __u32 nr = STACKS_MOST + 5000;
	struct dcbs_report *r = build(many(nr));
	size_t i, more = 0;
	int64_t samples = 0;

	(void)state;
	assert_int_equal(r->nr_stacks, STACKS_MOST + 1);
	near(stack_sum(r, "work"), 60);
	for (i = 0; i < r->nr_stacks; i++) {
		samples += r->stacks[i].samples;
		more += !strcmp(r->frames[r->stacks[i].frames[0]].function, "(more stacks)");
	}
	assert_int_equal(more, 1);
	assert_int_equal(samples, nr + (nr + 6) / 7);
	dcbs_report_free(r);
}

static void test_no_samples(void **state)
{
	struct snapshot *snap = one_section(SEC);
	struct dcbs_report *r;

	(void)state;
	stacks_frame(snap, "f", NULL, 0, false);
	r = build(snap);
	assert_true(!r->nr_functions && !r->nr_frames && !r->nr_stacks && r->frequency_hz == 99);
	dcbs_report_free(r);
	r = build(fixture_measured());
	assert_true(!r->nr_functions && !r->frequency_hz);
	dcbs_report_free(r);
}

static void test_evaluation(void **state)
{
	struct dcbs_report *r = build(stacks_evaluation());
	size_t i;

	(void)state;
	for (i = 0; i < r->nr_sections; i++)
		if (find(r, r->sections[i].name, "(not sampled)") || find(r, r->sections[i].name, "Evaluation.run"))
			near(self_sum(r, r->sections[i].name), r->sections[i].total_s);
	/* 4 s of waiting for a CPU come to who runs, by ticks. */
	near(find(r, "forward_pass", "sgemm_kernel")->self_off_s, 4.0 * 1740 / (1740 + 212 + 301 + 60));
	near(find(r, "answer_question", "sgemm_kernel")->self_off_s, 4.0 * 1740 / (1740 + 212 + 301 + 60 + 390 + 70));
	near(stack_sum(r, "forward_pass"), dcbs_report_section(r, "forward_pass")->self_s);
	near(stack_sum(r, DCBS_OUTSIDE), dcbs_report_section(r, DCBS_OUTSIDE)->self_s);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_time), cmocka_unit_test(test_waits), cmocka_unit_test(test_not_sampled),
		cmocka_unit_test(test_ran_without_a_tick), cmocka_unit_test(test_nested_sections),
		cmocka_unit_test(test_outside), cmocka_unit_test(test_idle_threads),
		cmocka_unit_test(test_sampled_sections), cmocka_unit_test(test_sampled_and_timed),
		cmocka_unit_test(test_sampled_and_not_timed_well), cmocka_unit_test(test_unknown_ledgers),
		cmocka_unit_test(test_rows_that_are_no_sections), cmocka_unit_test(test_recursion_counts_once),
		cmocka_unit_test(test_same_name_in_two_files), cmocka_unit_test(test_unknown_frames),
		cmocka_unit_test(test_callers_come_first), cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_many_functions), cmocka_unit_test(test_many_stacks),
		cmocka_unit_test(test_no_samples), cmocka_unit_test(test_evaluation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
