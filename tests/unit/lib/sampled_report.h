/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sampled_report.h - reports of snapshots with samples of the stack, and the times in them. */
#ifndef TESTS_UNIT_SAMPLED_REPORT_H
#define TESTS_UNIT_SAMPLED_REPORT_H

#include "analyse/report.h"
#include "sampled_stacks.h"

#define near(a, b) assert_true(fabs((double)(a) - (double)(b)) <= 1e-9 * (1 + fabs((double)(b))))

/* The report of the snapshot, which is freed. */
static inline struct dcbs_report *sampled_report(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

/* A section of that self time, whose ledger is known. */
static inline struct snapshot *sampled_report_section(__u64 ns)
{
	struct snapshot *snap = stacks_begin(fixture_empty());

	snap->wall_known = true;
	fixture_call(fixture_section(snap, "work", DCBS_NAME_SECTION), ns, ns);
	return snap;
}

/* NULL: the section has no such function. */
static inline const struct dcbs_function *sampled_report_function(const struct dcbs_report *r, const char *section, const char *function)
{
	size_t i;

	for (i = 0; i < r->nr_functions; i++)
		if (!strcmp(r->functions[i].section, section) && !strcmp(r->functions[i].function, function))
			return &r->functions[i];
	return NULL;
}

/* The self times of all functions of a section. */
static inline double sampled_report_self_s(const struct dcbs_report *r, const char *section)
{
	double total_s = 0;
	size_t i;

	for (i = 0; i < r->nr_functions; i++) {
		if (strcmp(r->functions[i].section, section))
			continue;
		total_s += r->functions[i].self_s;
		near(r->functions[i].self_s, r->functions[i].self_cpu_s + r->functions[i].self_off_s);
	}
	return total_s;
}

/* The times of all stacks of a section. */
static inline double sampled_report_stack_s(const struct dcbs_report *r, const char *section)
{
	double total_s = 0;
	size_t i;

	for (i = 0; i < r->nr_stacks; i++)
		if (!strcmp(r->stacks[i].section, section))
			total_s += r->stacks[i].cpu_s + r->stacks[i].off_s;
	return total_s;
}

#endif
