// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gaps.c - what is watched a quarter of the time is worked out for all of it.
 *
 * Sections of a made process: one that maps and unmaps pieces, of which a watch sees any part; one that keeps a little;
 * one inside the other. The process's growth is known, as it is to the profiler.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/gaps.h"

#define MIB (1LL << 20)
#define PIECE (64 * MIB)
#define KEPT MIB
#define PERIODS 40

enum { OUTSIDE = ROW_OUTSIDE, CHURN = ROW_FIRST, LEAK, AROUND, ROWS };

static struct bpfprof__bss bss;
static struct bpfprof skel = {.bss = &bss};
static struct row_ledger ledgers[BPFPROF_ROWS];
static struct session session = {.skel = &skel, .ledgers = ledgers};
static struct snapshot_row rows[ROWS];
static __s64 level;	/* of the piece */

static void add(struct memory_sum *m, __s64 bytes)
{
	m->anon += bytes;
	m->grown += bytes > 0 ? (__u64)bytes : 0;
	m->shrunk += bytes < 0 ? (__u64)-bytes : 0;
	m->minor += bytes > 0 ? (__u64)(bytes / 4096) : 0;
}

static void grow(int row, __s64 bytes)
{
	add(&ledgers[row].self_memory, bytes);
	add(&ledgers[row].memory, bytes);
	add(&ledgers[AROUND].memory, bytes);
}

/* A watch meets the piece half made, made and half gone, or somewhere else: it sees parts of it come and go. */
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
	session.ledgers_map.mapped = session.stats_map.mapped = ~(size_t)0;
	bss.counters.rows_used = ROWS;
	level = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(session.gaps);
	session.gaps = NULL;
	return 0;
}

/* Three times as long as a watch, nobody does. Returns how often more there is of everything, about. */
static double periods(bool leaks, bool churns)
{
	__u64 start = session_now_ns(), watched = 0, from;
	unsigned int i;

	for (i = 0; i < PERIODS; i++) {
		from = session_now_ns();
		gaps_watch(&session);
		if (churns)
			churn(i);
		if (leaks)
			grow(LEAK, KEPT);
		usleep(1000);
		gaps_rest(&session);
		watched += session_now_ns() - from;
		usleep(3000);
	}
	gaps_watch(&session);
	return (double)(session_now_ns() - start) / (double)watched;
}

static struct snapshot *fill(struct snapshot *snap, double growth)
{
	static struct snapshot_row *pointers[ROWS];
	__u16 row_index[BPFPROF_ROWS];
	size_t i;

	memset(row_index, 0xff, sizeof(row_index));
	*snap = (struct snapshot) {.rows = pointers, .growth_bytes = {(__s64)growth}};
	for (i = CHURN; i < ROWS; i++) {
		row_index[i] = (__u16)snap->nr_rows;
		rows[i].ledger = ledgers[i];
		pointers[snap->nr_rows++] = &rows[i];
	}
	gaps_fill(&session, snap, row_index);
	return snap;
}

static void near(__s64 value, double truth, double within)
{
	if ((double)value < truth - within || (double)value > truth + within)
		fail_msg("%lld is not within %.0f of %.0f", (long long)value, within, truth);
}

static void test_without_gaps(void **state)
{
	struct snapshot snap;

	(void)state;
	grow(CHURN, PIECE);
	fill(&snap, 2 * PIECE);
	assert_false(snap.memory_guessed);
	assert_int_equal(rows[CHURN].ledger.self_memory.anon, PIECE);
}

/* Of what comes and goes nothing is left; it is not made into a leak by where watches begin and end. */
static void test_churn_does_not_grow(void **state)
{
	struct memory_sum *m = &rows[CHURN].ledger.self_memory;
	double times = periods(false, true);
	struct snapshot snap;

	(void)state;
	fill(&snap, 3 * MIB);
	assert_true(snap.memory_guessed);
	near(m->anon, 3 * MIB, MIB);
	assert_int_equal(m->grown - m->shrunk, m->anon);
	near((__s64)m->grown, times * (double)ledgers[CHURN].self_memory.grown, 0.05 * (double)m->grown);
	near((__s64)m->minor, times * (double)ledgers[CHURN].self_memory.minor, 0.05 * (double)m->minor);
}

static void test_leak_beside_churn(void **state)
{
	double times = periods(true, true), kept = times * PERIODS * KEPT;
	struct snapshot snap;

	(void)state;
	fill(&snap, kept + (double)level);
	near(rows[LEAK].ledger.self_memory.anon, kept, 0.1 * kept);
	near(rows[CHURN].ledger.self_memory.anon, (double)level, 0.5 * kept);
	near(rows[AROUND].ledger.memory.anon, kept + (double)level, 2);
	assert_int_equal(rows[AROUND].ledger.self_memory.anon, 0);
}

/* All growth has an owner where only one section can have it. */
static void test_one_section_has_all(void **state)
{
	struct snapshot snap;

	(void)state;
	periods(true, false);
	fill(&snap, 1e9);
	near(rows[LEAK].ledger.self_memory.anon, 1e9, 1);
	near(rows[LEAK].ledger.self_memory.grown, 1e9, 1);
}

static void test_a_gap_that_goes_on(void **state)
{
	struct snapshot snap;

	(void)state;
	periods(true, false);
	gaps_rest(&session);
	fill(&snap, 1e9);
	near(rows[LEAK].ledger.self_memory.anon, 1e9, 1);
}

static void test_clear(void **state)
{
	struct snapshot snap;

	(void)state;
	periods(true, true);
	memset(ledgers, 0, sizeof(ledgers));
	gaps_clear(&session);
	fill(&snap, 0);
	assert_false(snap.memory_guessed);
	assert_int_equal(rows[LEAK].ledger.self_memory.grown, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_gaps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_churn_does_not_grow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leak_beside_churn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_section_has_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_gap_that_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clear, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
