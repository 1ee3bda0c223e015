// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * off_periods.c - events that are observed a quarter of the time are estimated for all of it.
 *
 * The sections belong to a process that is made up: one maps and unmaps pieces, of which an on-period sees any part; one keeps a
 * little; one encloses the other two. The growth of the process is known, as it is to the profiler.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/overhead/off_periods.h"

#define MIB (1LL << 20)
#define PIECE (64 * MIB)
#define KEPT MIB
#define PERIODS 40

#define MS 1000000ULL

enum { OUTSIDE = SECTION_OUTSIDE, CHURN = SECTION_FIRST, LEAK, AROUND, SECTIONS };

static struct section_ledger ledgers[BPFPROF_SECTIONS];
static const struct ledger_array in_use = {ledgers, SECTIONS};
static struct snapshot_section sections[SECTIONS];
static struct off_periods *periods;
static __u64 now = MS;
static __s64 level;	/* of the piece */

static void add_bytes(struct memory_sum *m, __s64 bytes)
{
	m->anon += bytes;
	m->grown += bytes > 0 ? (__u64)bytes : 0;
	m->shrunk += bytes < 0 ? (__u64)-bytes : 0;
	m->minor += bytes > 0 ? (__u64)(bytes / 4096) : 0;
}

static void grow(int id, __s64 bytes)
{
	add_bytes(&ledgers[id].self_memory, bytes);
	add_bytes(&ledgers[id].memory, bytes);
	add_bytes(&ledgers[AROUND].memory, bytes);
}

/* An on-period begins with the piece half made, made, half gone, or anywhere else: it sees parts of it come and go. */
static void churn(unsigned int period)
{
	__s64 next = (__s64)(period * 2654435761U % 8) * PIECE / 8;

	grow(CHURN, PIECE - level);
	grow(CHURN, next - PIECE);
	level = next;
}

static int set_up(void **state)
{
	(void)state;
	memset(ledgers, 0, sizeof(ledgers));
	level = 0;
	periods = off_periods_new();
	return periods ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	off_periods_free(periods);
	return 0;
}

/* The truth if off-periods are as the on-periods before them: bytes that are kept, and bytes and faults of the piece. */
struct whole {
	double kept, came, faults;
};

/* Off-periods are two to four times as long as on-periods. The kernel's account of faults is not known, so time counts. */
static struct whole run_periods(bool leaks, bool churns)
{
	struct whole whole = {0};
	unsigned int i;

	for (i = 0; i < PERIODS; i++) {
		__u64 came = ledgers[CHURN].self_memory.grown, faults = ledgers[CHURN].self_memory.minor;
		unsigned int rest = i % 3 + 2;
		double times = 1 + rest;

		off_periods_enable(periods, &in_use, NAN, now);
		if (churns)
			churn(i);
		if (leaks)
			grow(LEAK, KEPT);
		off_periods_disable(periods, NAN, now += MS);
		now += rest * MS;
		whole.kept += times * KEPT;
		whole.came += times * (double)(ledgers[CHURN].self_memory.grown - came);
		whole.faults += times * (double)(ledgers[CHURN].self_memory.minor - faults);
	}
	off_periods_enable(periods, &in_use, NAN, now);
	return whole;
}

static void take_snapshot(struct snapshot *snap, double growth)
{
	static struct snapshot_section *pointers[SECTIONS];
	__u16 section_index[BPFPROF_SECTIONS];
	size_t i;

	memset(section_index, 0xff, sizeof(section_index));
	*snap = (struct snapshot) {.end_ns = now, .sections = pointers, .growth_bytes = {(__s64)growth}};
	for (i = CHURN; i < SECTIONS; i++) {
		section_index[i] = (__u16)snap->nr_sections;
		sections[i].ledger = ledgers[i];
		pointers[snap->nr_sections++] = &sections[i];
	}
	off_periods_add(periods, snap, section_index, &in_use, NAN, now);
}

static void near(__s64 value, double truth, double within)
{
	if ((double)value < truth - within || (double)value > truth + within)
		fail_msg("%lld is not within %.0f of %.0f", (long long)value, within, truth);
}

static void test_without_off_periods(void **state)
{
	struct snapshot snap;

	(void)state;
	grow(CHURN, PIECE);
	take_snapshot(&snap, 2 * PIECE);
	assert_false(snap.memory_estimated);
	assert_int_equal(sections[CHURN].ledger.self_memory.anon, PIECE);
}

/* Nothing is left of bytes that come and go: the bounds of on-periods do not make them a leak. */
static void test_churn_does_not_grow(void **state)
{
	struct memory_sum *m = &sections[CHURN].ledger.self_memory;
	struct whole whole = run_periods(false, true);
	struct snapshot snap;

	(void)state;
	take_snapshot(&snap, 3 * MIB);
	assert_true(snap.memory_estimated);
	near(m->anon, 3 * MIB, MIB);
	assert_int_equal(m->grown - m->shrunk, m->anon);
	near((__s64)m->grown, whole.came, 0.05 * whole.came);
	near((__s64)m->minor, whole.faults, 0.05 * whole.faults);
}

static void test_leak_beside_churn(void **state)
{
	double kept = run_periods(true, true).kept;
	struct snapshot snap;

	(void)state;
	take_snapshot(&snap, kept + (double)level);
	near(sections[LEAK].ledger.self_memory.anon, kept, 0.1 * kept);
	near(sections[CHURN].ledger.self_memory.anon, (double)level, 0.5 * kept);
	near(sections[AROUND].ledger.memory.anon, kept + (double)level, 2);
	assert_int_equal(sections[AROUND].ledger.self_memory.anon, 0);
}

/* All growth has an owner where only one section can have it. */
static void test_one_section_has_all(void **state)
{
	struct snapshot snap;

	(void)state;
	run_periods(true, false);
	take_snapshot(&snap, 1e9);
	near(sections[LEAK].ledger.self_memory.anon, 1e9, 1);
	near(sections[LEAK].ledger.self_memory.grown, 1e9, 1);
}

static void test_an_off_period_that_goes_on(void **state)
{
	struct snapshot snap;

	(void)state;
	run_periods(true, false);
	off_periods_disable(periods, NAN, now += MS);
	now += MS;
	take_snapshot(&snap, 1e9);
	near(sections[LEAK].ledger.self_memory.anon, 1e9, 1);
}

/* Seven of eight faults of an on-period are charged to a section. The kernel counts all, also those of off-periods. */
static void test_faults_that_are_not_charged(void **state)
{
	struct snapshot snap;
	double all = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < PERIODS; i++) {
		off_periods_enable(periods, &in_use, i ? 1024 : 0, now);
		ledgers[LEAK].self_memory.minor += 448;
		off_periods_disable(periods, 512, now += MS);
		now += (i % 3 + 1) * MS;
		all += 512 + 1024;
	}
	off_periods_enable(periods, &in_use, 1024, now);
	take_snapshot(&snap, 0);
	near((__s64)sections[LEAK].ledger.self_memory.minor, all, 0.001 * all);
}

/*
 * On-periods see a map and its unmap in one of four cases, by chance. The error says how far the estimate may be from the truth: over
 * many repetitions, the distance is that error on average.
 */
static void test_errors_are_those_of_chance(void **state)
{
	double off_by = 0, error = 0;
	unsigned int run, i;
	struct snapshot snap;

	(void)state;
	for (run = 0; run < 200; run++) {
		const struct memory_variance *v = sections[CHURN].memory_variance;
		double truth = 0;

		memset(ledgers, 0, sizeof(ledgers));
		memset(sections, 0, sizeof(sections));
		off_periods_clear(periods, now);
		for (i = 0; i < PERIODS; i++) {
			off_periods_enable(periods, &in_use, NAN, now);
			ledgers[CHURN].self_memory.mapped += random() % 4 ? 0 : PIECE;
			off_periods_disable(periods, NAN, now += MS);
			now += 2 * MS;
			truth += (random() % 4 ? 0 : PIECE) + (random() % 4 ? 0 : PIECE);
		}
		off_periods_enable(periods, &in_use, NAN, now);
		take_snapshot(&snap, 0);
		truth += (double)ledgers[CHURN].self_memory.mapped;
		off_by += pow((double)sections[CHURN].ledger.self_memory.mapped - truth, 2);
		error += v[1].mapped;
		assert_true(v[1].unmapped == 0 && v[0].mapped == 0);
	}
	assert_true(off_by > 0.7 * error && off_by < 1.4 * error);
}

/* One off-period says nothing of the spread: the error is as large as the estimate. */
static void test_error_of_one_period(void **state)
{
	struct snapshot snap;

	(void)state;
	off_periods_enable(periods, &in_use, NAN, now);
	ledgers[CHURN].self_memory.mapped += PIECE;
	off_periods_disable(periods, NAN, now += MS);
	now += MS;
	memset(sections, 0, sizeof(sections));
	take_snapshot(&snap, 0);
	near((__s64)sections[CHURN].ledger.self_memory.mapped, 2 * PIECE, 1);
	assert_true(sqrt(sections[CHURN].memory_variance[1].mapped) >= PIECE);
}

static void test_clear(void **state)
{
	struct snapshot snap;

	(void)state;
	run_periods(true, true);
	memset(ledgers, 0, sizeof(ledgers));
	off_periods_clear(periods, now);
	take_snapshot(&snap, 0);
	assert_false(snap.memory_estimated);
	assert_int_equal(sections[LEAK].ledger.self_memory.grown, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_off_periods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_churn_does_not_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leak_beside_churn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_section_has_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_off_period_that_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_that_are_not_charged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors_are_those_of_chance, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_error_of_one_period, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clear, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
