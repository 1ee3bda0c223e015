// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* budget.c - bounds what the files of targets may cost the profiler: time in each second, and memory in total. */
#include <assert.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/proc.h"

#define BURST_NS 450000000LL		/* at most at a time: signals are answered within a second */
#define LEAST_NS 100000000LL		/* with less a stretch is not begun */
#define LEAST_CPU_NS 30000000ULL	/* a stretch gets that much also where the machine has no time for the profiler */
#define REFILL_DIVISOR 4		/* a quarter of each second comes back */
#define FILE_NS 2000000000ULL		/* for one file in total */
#define MAX_BYTES (72ULL << 20)
#define STRETCH_BYTES (104ULL << 20)	/* that a process may map beyond what it had mapped before the first file ... */
#define LEAST_BYTES (48ULL << 20)	/* ... or beyond what it has mapped now */
#define CALLS_PER_LOOK 64		/* of budget_is_over(), between two reads of the clock */

static struct {
	__s64 left_ns;			/* below 0: a stretch that could not be interrupted took more */
	__u64 refilled_ns;		/* 0: never used */
	__u64 began_ns, until_ns;	/* of the stretch; until_ns 0: there is none */
	__u64 cpu_began_ns, cpu_until_ns;	/* the same in CPU time */
	unsigned int calls;
	bool over;
	size_t bytes;
	__u64 given_up;
	__u64 base_bytes;		/* mapped when the limit of memory was asked for; 0: it was not */
} budget;

static void refill_time(void)
{
	__u64 now = clock_now_ns();

	if (!budget.refilled_ns)
		budget.left_ns = BURST_NS;
	else
		budget.left_ns += (__s64)((now - budget.refilled_ns) / REFILL_DIVISOR);
	if (budget.left_ns > BURST_NS)
		budget.left_ns = BURST_NS;
	budget.refilled_ns = now;
}

/* ---- the limit of memory ---- */

/* Returns the size of all mappings of this process; 0: unknown. */
static __u64 mapped_bytes(void)
{
	unsigned long long pages = 0;
	char text[128];

	if (proc_read(getpid(), "statm", text, sizeof(text)) <= 0 || sscanf(text, "%llu", &pages) != 1)
		return 0;
	return pages * (__u64)sysconf(_SC_PAGESIZE);
}

void budget_limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__	/* AddressSanitizer maps terabytes */
	budget.base_bytes = mapped_bytes();
#endif
}

/* The kernel then refuses more. A report may need more than that, so the limit holds only while files are read. */
static void set_memory_limit(bool on)
{
	__u64 now = on ? mapped_bytes() : 0, room = budget.base_bytes + STRETCH_BYTES;
	struct rlimit limit;

	if (!budget.base_bytes || getrlimit(RLIMIT_AS, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (on && (limit.rlim_max == RLIM_INFINITY || room < limit.rlim_max))
		limit.rlim_cur = room > now + LEAST_BYTES ? room : now + LEAST_BYTES;
	setrlimit(RLIMIT_AS, &limit);
}

/* ---- time ---- */

bool budget_begin(struct budget_file *file)
{
	__u64 left = file->used_ns < FILE_NS ? FILE_NS - file->used_ns : 0;

	refill_time();
	if (!left)
		file->exhausted = true;
	if (file->exhausted || budget.left_ns < LEAST_NS) {
		budget_give_up();
		return false;
	}
	budget.began_ns = clock_now_ns();
	budget.until_ns = budget.began_ns + (__u64)budget.left_ns;
	budget.cpu_began_ns = clock_cpu_ns();
	budget.cpu_until_ns = budget.cpu_began_ns + left;
	budget.calls = 0;
	budget.over = false;
	set_memory_limit(true);
	return true;
}

bool budget_is_over(void)
{
	return budget.over || (!(++budget.calls % CALLS_PER_LOOK) && budget_is_over_now());
}

bool budget_is_over_now(void)
{
	__u64 cpu;

	if (budget.over || !budget.until_ns)
		return budget.over;
	cpu = clock_cpu_ns();
	budget.over = cpu >= budget.cpu_until_ns || (cpu - budget.cpu_began_ns >= LEAST_CPU_NS && clock_now_ns() >= budget.until_ns);
	return budget.over;
}

void budget_end(struct budget_file *file)
{
	assert(budget.until_ns);
	set_memory_limit(false);
	if (budget.over)
		budget_give_up();
	file->used_ns += clock_cpu_ns() - budget.cpu_began_ns;
	budget.left_ns -= (__s64)(clock_now_ns() - budget.began_ns);
	budget.until_ns = 0;
	budget.over = false;
}

__u64 budget_wait_ns(void)
{
	refill_time();
	return budget.left_ns > 0 ? (__u64)budget.left_ns : 0;
}

void budget_waited(__u64 ns)
{
	budget.left_ns -= (__s64)ns;
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
