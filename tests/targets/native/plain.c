// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * plain.c - a program without markers, for --section NAME=BINARY:FUNCTION.
 *
 *     plain [--calls N]
 *
 * work_a() spins for 1 to 200 us. fib() recurses FIB deep; `fib_outermost` of its calls are not inside another one, and
 * the longest of these takes `fib_longest_ns`.
 * leap() calls escape(), which jumps past both returns by longjmp(): `escape` never returns, and every second leap() does
 * not either. The times are measured inside the functions.
 */
#include <setjmp.h>

#include "truth.h"

#define FIB 12

enum { WORK_A, FIBONACCI, LEAP, ESCAPE, FUNCTIONS };

static struct truth truths[FUNCTIONS] = {
	[WORK_A] = {.name = "work_a"},
	[FIBONACCI] = {.name = "fib", .outermost_known = true},
	[LEAP] = {.name = "leap"},
	[ESCAPE] = {.name = "escape"},
};
static uint64_t fib_longest_ns;
static jmp_buf back;

/* The functions are called through volatile pointers, so that no compiler inlines, clones or unrolls them. */
void work_a(unsigned int us);
unsigned int fib(unsigned int n);
void leap(bool over);
void escape(void);

static void (*volatile call_work_a)(unsigned int) = work_a;
static unsigned int (*volatile call_fib)(unsigned int) = fib;
static void (*volatile call_leap)(bool) = leap;
static void (*volatile call_escape)(void) = escape;

void work_a(unsigned int us)
{
	uint64_t begun = truth_now_ns();

	truth_spin_ns(us * 1000ULL);
	truths[WORK_A].count++;
	truth_times_add(&truths[WORK_A].inside, truth_now_ns() - begun);
}

unsigned int fib(unsigned int n)
{
	truths[FIBONACCI].count++;
	return n < 2 ? n : call_fib(n - 1) + call_fib(n - 2);
}

void escape(void)
{
	truths[ESCAPE].count++;
	longjmp(back, 1);
}

void leap(bool over)
{
	truths[LEAP].count++;
	truth_spin_ns(5000);
	if (over)
		call_escape();
}

static void measured_work_a(unsigned int us)
{
	uint64_t before = truth_now_ns();

	call_work_a(us);
	truth_times_add(&truths[WORK_A].around, truth_now_ns() - before);
}

static unsigned int measured_fib(void)
{
	uint64_t before = truth_now_ns(), ns;
	unsigned int result = call_fib(FIB);

	ns = truth_now_ns() - before;
	truths[FIBONACCI].outermost_ns += ns;
	if (ns > fib_longest_ns)
		fib_longest_ns = ns;
	return result;
}

static void survive_leap(bool over)
{
	if (!setjmp(back))
		call_leap(over);
}

int main(int argc, char **argv)
{
	uint64_t calls = 300, chance = 11, i;
	const struct truth_option options[] = {{.name = "--calls", .number = &calls}, {0}};
	unsigned int sum = 0;

	truth_options(argc, argv, options);
	truth_gate();
	for (i = 0; i < calls; i++) {
		measured_work_a(1 + truth_random(&chance) % 200);
		if (i % 10 == 0)
			sum += measured_fib();
	}
	for (i = 0; i < calls; i++)
		survive_leap(i % 2);
	truth_open();
	truth_number("fib_outermost", (calls + 9) / 10);
	truth_number("fib_longest_ns", fib_longest_ns);
	truth_number("fib_sum", sum);
	truth_number("escaped", truths[ESCAPE].count);
	truth_sections(truths, FUNCTIONS);
	truth_close();
	return 0;
}
