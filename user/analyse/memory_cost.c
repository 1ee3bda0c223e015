// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * memory_cost.c - memory as the cause of lost time.
 *
 * The first touch of a page costs a fault and the clearing of the page; releasing a page costs its way to the page
 * allocator. The kernel's time in each fault is not measured, as measuring it would cost more than the fault. There are
 * two lower bounds, and the larger one counts. The first is the running time that ticks found in page faults, less its
 * standard deviation: faults within system calls are missing. The second is the number of faults by the price of one,
 * which the profiler pays for a page that the kernel has at hand: 0.7 us on bare metal, over 1 us in virtual machines, and
 * several times as much where the hypervisor must find the page first. A huge page comes in one fault with 2 MiB to
 * clear, so bytes beyond one page per fault are priced on their own.
 */
#include <math.h>

#include "analyse/memory_cost.h"

#define PAGE 4096.0
#define TOUCH_S 0.9e-6		/* of a first touch where it was not measured: a low estimate, clearing included */
#define CLEAR_S_PER_BYTE 1e-10	/* 10 GB/s */
#define RELEASE_S_PER_BYTE 5e-11
#define GOOD_PART 0.25		/* of the section's CPU time, from which on faults explain it */

#define LARGE_BYTES (64 << 20)	/* of net growth */
#define STEADY_BYTES (4 << 20)	/* less may be lists and caches that every program has */
#define LATE_SHARE 0.5		/* of the growth that the last part of the window would have if growth were even */
#define STEADY_CALLS 10
#define CHURN_BYTES (256 << 20)
#define CHURN_TIMES 4		/* bytes that came per byte of net growth */

static const struct dcbs_memory *self_memory(const struct subject *s)
{
	return &s->section->self_memory;
}

static bool is_known(const struct subject *s)
{
	return self_memory(s)->rss_delta_bytes != DCBS_UNKNOWN;
}

static double priced_faults_s(const struct subject *s)
{
	const struct dcbs_memory *m = self_memory(s);
	double touch_s = s->report->page_touch_s > 0 ? s->report->page_touch_s : TOUCH_S;
	double faults = (double)m->minor_faults + (double)m->major_faults;

	return faults * touch_s + fmax((double)m->grown_bytes - faults * PAGE, 0) * CLEAR_S_PER_BYTE;
}

/* fmax() leaves out an unknown sampled time. */
double memory_cost_s(const struct subject *s)
{
	double sampled_s = s->section->fault_cpu_s - s->section->fault_cpu_error_s;

	if (!is_known(s))
		return NAN;
	return fmax(priced_faults_s(s), sampled_s) + (double)self_memory(s)->shrunk_bytes * RELEASE_S_PER_BYTE;
}

/* A comparison with NAN is false: an unknown cost explains nothing. */
static bool explains_cpu(const struct subject *s)
{
	return memory_cost_s(s) >= GOOD_PART * s->wall.cpu_s && s->wall.cpu_s > 0;
}

/* Memory that the targets give back on their way to the exit was kept until then. */
bool memory_cost_is_kept(const struct subject *s)
{
	const struct dcbs_report *r = s->report;
	double at_exit = r->exit_bytes == DCBS_UNKNOWN ? 0 : (double)r->exit_bytes;

	return (double)r->sections_bytes + (double)r->outside_bytes - at_exit >= 0.5 * (double)self_memory(s)->rss_delta_bytes;
}

/* Returns true unless the section is known to grow less and less, as a cache that fills does. */
static bool grows_late(const struct subject *s)
{
	const struct dcbs_section *c = s->section;

	if (c->late_growth_bytes == DCBS_UNKNOWN || isnan(s->report->late_part))
		return true;
	return (double)c->late_growth_bytes >= LATE_SHARE * s->report->late_part * (double)c->self_memory.rss_delta_bytes;
}

/* Returns true if most calls grow RSS and little is given back between them. A cache that fills grows it in a few calls only. */
static bool is_steady(const struct subject *s)
{
	const struct dcbs_spread *g = &s->section->growth;
	double net = (double)self_memory(s)->rss_delta_bytes;

	if (net < STEADY_BYTES || (double)self_memory(s)->shrunk_bytes > 0.5 * (double)self_memory(s)->grown_bytes)
		return false;
	if (s->report->memory_estimated)	/* a leak is reported only from what was observed all the time */
		return false;
	return grows_late(s) && g->calls >= STEADY_CALLS && g->calls >= s->section->count / 2 && g->p50 * (double)g->calls >= 0.25 * net;
}

bool memory_cost_is_leak(const struct subject *s)
{
	return is_known(s) && is_steady(s) && memory_cost_is_kept(s);
}

bool memory_cost_is_growth(const struct subject *s)
{
	return is_known(s) && (self_memory(s)->rss_delta_bytes >= LARGE_BYTES || is_steady(s)) && explains_cpu(s);
}

bool memory_cost_is_churn(const struct subject *s)
{
	const struct dcbs_memory *m = self_memory(s);
	double net = fabs((double)m->rss_delta_bytes);

	return is_known(s) && m->grown_bytes >= CHURN_BYTES && (double)m->grown_bytes >= CHURN_TIMES * net &&
	       explains_cpu(s);
}
