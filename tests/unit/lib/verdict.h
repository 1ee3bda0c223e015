/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* verdict.h - a busy target to plant causes in, and checks of the verdicts on it. */
#ifndef TESTS_UNIT_VERDICT_H
#define TESTS_UNIT_VERDICT_H

#include "analyse/report.h"
#include "fixture.h"

#define MIB (1ULL << 20)

/* A target whose main thread spends all of its time in one section of 100 calls of 100 ms each. */
static inline struct snapshot *verdict_target(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	struct snapshot_thread *t = fixture_thread(snap, 4242, "main", 10 * SEC);
	int i;

	for (i = 0; i < 100; i++)
		fixture_call(facts, 100 * MS, 100 * MS);
	t->sections = true;
	snap->wall_known = snap->memory_known = true;
	return snap;
}

static inline void verdict_add_wait(struct snapshot *snap, enum cause cause, __u64 ns)
{
	fixture_off(snap->sections[0], cause, ns, ns);
	snap->threads[0].sum.off_ns[cause] += ns;
	snap->threads[0].sum.cpu_ns -= ns;
}

static inline void verdict_add_growth(struct snapshot *snap, __u64 bytes, __u64 faults, int calls)
{
	int i;

	for (i = 0; i < calls; i++)
		fixture_growth(&snap->sections[0]->ledger, bytes, faults);
}

/* The report of the snapshot, which is freed; its threshold is 1 s. */
static inline struct dcbs_report *verdict_report(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static inline void verdict_check_text(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("no \"%s\" in: %s", words, text ? text : "(none)");
}

/* Checks verdict n. */
static inline void verdict_check(const struct dcbs_report *r, size_t n, enum dcbs_cause cause, const char *evidence,
				 const char *advice)
{
	assert_true(n < r->nr_bottlenecks);
	if (r->bottlenecks[n].cause != cause)
		fail_msg("cause %d instead of %d: %s", r->bottlenecks[n].cause, cause, r->bottlenecks[n].evidence);
	verdict_check_text(r->bottlenecks[n].evidence, evidence);
	verdict_check_text(r->bottlenecks[n].suggestion, advice);
}

/* Checks that there is one verdict, and which. */
static inline void verdict_expect(struct snapshot *snap, enum dcbs_cause cause, const char *evidence, const char *advice)
{
	struct dcbs_report *r = verdict_report(snap);

	assert_int_equal(r->nr_bottlenecks, 1);
	verdict_check(r, 0, cause, evidence, advice);
	dcbs_report_free(r);
}

#endif
