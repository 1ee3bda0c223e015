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
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "collect/overhead/gaps.h"

#define MIB (1LL << 20)
#define PIECE (64 * MIB)
#define KEPT MIB
#define PERIODS 40

enum { OUTSIDE = SECTION_OUTSIDE, CHURN = SECTION_FIRST, LEAK, AROUND, ROWS };

static struct bpfprof__bss bss;
static struct bpfprof skel = {.bss = &bss};
static struct section_ledger ledgers[BPFPROF_SECTIONS];
static struct session session = {.skel = &skel, .ledgers = ledgers};
static struct snapshot_section rows[ROWS];
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
	bss.counters.section_ids_used = ROWS;
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

/* What there is of it if the gaps are as the watches before them: of what is kept, and of what comes of the piece. */
struct whole {
	double kept, came, faults;
};

/* Three times as long as a watch, nobody does. */
static struct whole periods(bool leaks, bool churns)
{
	struct whole whole = {0};
	unsigned int i;

	for (i = 0; i < PERIODS; i++) {
		__u64 came = ledgers[CHURN].self_memory.grown, faults = ledgers[CHURN].self_memory.minor, from, rest;
		double times;

		gaps_watch(&session);
		from = clock_now_ns();
		if (churns)
			churn(i);
		if (leaks)
			grow(LEAK, KEPT);
		usleep(1000);
		rest = clock_now_ns();
		gaps_rest(&session);
		usleep(3000);
		times = 1 + (double)(clock_now_ns() - rest) / (double)(rest - from);
		whole.kept += times * KEPT;
		whole.came += times * (double)(ledgers[CHURN].self_memory.grown - came);
		whole.faults += times * (double)(ledgers[CHURN].self_memory.minor - faults);
	}
	gaps_watch(&session);
	return whole;
}

static struct snapshot *fill(struct snapshot *snap, double growth)
{
	static struct snapshot_section *pointers[ROWS];
	__u16 section_index[BPFPROF_SECTIONS];
	size_t i;

	memset(section_index, 0xff, sizeof(section_index));
	*snap = (struct snapshot) {.sections = pointers, .growth_bytes = {(__s64)growth}};
	for (i = CHURN; i < ROWS; i++) {
		section_index[i] = (__u16)snap->nr_sections;
		rows[i].ledger = ledgers[i];
		pointers[snap->nr_sections++] = &rows[i];
	}
	gaps_fill(&session, snap, section_index);
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
	assert_false(snap.memory_estimated);
	assert_int_equal(rows[CHURN].ledger.self_memory.anon, PIECE);
}

/* Of what comes and goes nothing is left; it is not made into a leak by where watches begin and end. */
static void test_churn_does_not_grow(void **state)
{
	struct memory_sum *m = &rows[CHURN].ledger.self_memory;
	struct whole whole = periods(false, true);
	struct snapshot snap;

	(void)state;
	fill(&snap, 3 * MIB);
	assert_true(snap.memory_estimated);
	near(m->anon, 3 * MIB, MIB);
	assert_int_equal(m->grown - m->shrunk, m->anon);
	near((__s64)m->grown, whole.came, 0.05 * whole.came);
	near((__s64)m->minor, whole.faults, 0.05 * whole.faults);
}

static void test_leak_beside_churn(void **state)
{
	double kept = periods(true, true).kept;
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

static void touch(size_t pages)
{
	char *at = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	assert_ptr_not_equal(at, MAP_FAILED);
	madvise(at, pages * 4096, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		at[i * 4096] = 1;
	munmap(at, pages * 4096);
}

static __u64 own_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (__u64)usage.ru_minflt;
}

/* Each watch puts seven of eight of the faults that it has down to somebody; how many there were the kernel tells. */
static void test_faults_that_nobody_is_charged_with(void **state)
{
	struct snapshot snap;
	__u64 before, all;
	unsigned int i;

	(void)state;
	session.nr_targets = 1;
	session.targets[0].pid = getpid();
	before = own_faults();
	for (i = 0; i < PERIODS; i++) {
		gaps_watch(&session);
		touch(512);
		ledgers[LEAK].self_memory.minor += 448;
		gaps_rest(&session);
		touch(1024);
	}
	gaps_watch(&session);
	all = own_faults() - before;
	session.nr_targets = 0;
	fill(&snap, 0);
	near((__s64)rows[LEAK].ledger.self_memory.minor, (double)all, 0.02 * (double)all);
}

static void test_clear(void **state)
{
	struct snapshot snap;

	(void)state;
	periods(true, true);
	memset(ledgers, 0, sizeof(ledgers));
	gaps_clear(&session);
	fill(&snap, 0);
	assert_false(snap.memory_estimated);
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
		cmocka_unit_test_setup_teardown(test_faults_that_nobody_is_charged_with, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_clear, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
