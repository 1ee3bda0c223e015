// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* budget.c - bounds what the files of targets may cost the profiler: time in each second, and memory in total. */
#include <assert.h>

#include "base/budget.h"
#include "base/clock.h"

#define BURST_NS 500000000ULL		/* at most at a time: signals are answered within a second */
#define REFILL_DIVISOR 4		/* a quarter of each second comes back */
#define FILE_NS 2000000000ULL		/* for one file in total */
#define MAX_BYTES (72ULL << 20)
#define CALLS_PER_LOOK 64		/* of budget_is_over(), between two reads of the clock */

static struct {
	__u64 left_ns, refilled_ns;	/* refilled_ns 0: never used */
	__u64 since_ns;			/* CPU time at the begin of the stretch */
	__u64 until_ns;			/* CPU time at which it must stop */
	unsigned int calls;
	bool over;
	size_t bytes;
	__u64 given_up;
} budget;

static void refill_time(void)
{
	__u64 now = clock_now_ns();

	if (!budget.refilled_ns)
		budget.left_ns = BURST_NS;
	else
		budget.left_ns += (now - budget.refilled_ns) / REFILL_DIVISOR;
	if (budget.left_ns > BURST_NS)
		budget.left_ns = BURST_NS;
	budget.refilled_ns = now;
}

static void use_time(__u64 ns)
{
	budget.left_ns -= ns < budget.left_ns ? ns : budget.left_ns;
}

bool budget_begin(struct budget_file *file)
{
	__u64 left = file->used_ns < FILE_NS ? FILE_NS - file->used_ns : 0;

	refill_time();
	if (!left)
		file->exhausted = true;
	if (file->exhausted || budget.left_ns < BURST_NS / 50) {
		budget_give_up();
		return false;
	}
	budget.since_ns = clock_cpu_ns();
	budget.until_ns = budget.since_ns + (left < budget.left_ns ? left : budget.left_ns);
	budget.calls = 0;
	budget.over = false;
	return true;
}

bool budget_is_over(void)
{
	if (budget.over || ++budget.calls % CALLS_PER_LOOK)
		return budget.over;
	budget.over = budget.until_ns && clock_cpu_ns() >= budget.until_ns;
	return budget.over;
}

void budget_end(struct budget_file *file)
{
	__u64 used = clock_cpu_ns() - budget.since_ns;

	assert(budget.until_ns);
	if (budget.over)
		budget_give_up();
	file->used_ns += used;
	use_time(used);
	budget.until_ns = 0;
	budget.over = false;
}

__u64 budget_wait_ns(void)
{
	refill_time();
	return budget.left_ns;
}

void budget_waited(__u64 ns)
{
	use_time(ns);
}

bool budget_reserve(size_t bytes)
{
	if (bytes > MAX_BYTES - budget.bytes) {
		budget_give_up();
		return false;
	}
	budget.bytes += bytes;
	return true;
}

void budget_release(size_t bytes)
{
	assert(bytes <= budget.bytes);
	budget.bytes -= bytes;
}

void budget_give_up(void)
{
	budget.given_up++;
}

__u64 budget_given_up(void)
{
	return budget.given_up;
}

void budget_reset(void)
{
	budget.refilled_ns = 0;
}
