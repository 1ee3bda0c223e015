// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* off_periods.c - estimates the faults and changes of RSS that went on while their events were disabled. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collect/overhead/off_periods.h"

#define CERTAIN 4		/* standard errors */
#define FEW_PERIODS 8		/* with fewer periods, a regression is worthless */
#define UNCHARGED_MOST 2	/* an on-period may have had up to that many times the faults that were charged */

/* Sums over off-periods of a growth x, of its square, and of its product with the growth of all sections in the same period. */
struct moments {
	double sum, square, product;
};

/* Figures that only grow. They are estimated one by one. */
enum flow { GROWN, SHRUNK, MAPPED, UNMAPPED, MINOR, MAJOR, FLOWS };

/* Estimates of one section over all off-periods, in bytes except for the faults. */
struct memory_estimate {
	double flow[FLOWS], square[FLOWS];	/* sums over off-periods of the growth of a figure, and of its square */
	struct moments net[RSS_KINDS];
};

struct section_estimate {
	struct memory_sum begin, self_begin;	/* the section's counters when the on-period began */
	struct memory_estimate all, self;
};

struct off_periods {
	struct section_estimate sections[BPFPROF_SECTIONS];
	struct moments total[RSS_KINDS];	/* of the growth of all sections; `product` equals `square` */
	unsigned int count;			/* off-periods that had events */
	double times;				/* the sum of their ratios to their on-periods */
	bool off, any_off;			/* the period at hand is an off-period; there has been one */
	__u64 on_ns, off_ns;			/* when the last on-period began and ended; on_ns 0: there was none */
	double on_faults;			/* faults of that on-period */
};

struct off_periods *off_periods_new(void)
{
	return calloc(1, sizeof(struct off_periods));
}

void off_periods_free(struct off_periods *p)
{
	free(p);
}

/* ---- one off-period ---- */

static void rss_kinds_of(const struct memory_sum *m, __s64 *kinds)
{
	kinds[0] = m->anon;
	kinds[1] = m->file;
	kinds[2] = m->shmem;
}

static double counter_increase(__u64 now, __u64 before)
{
	return now > before ? (double)(now - before) : 0;
}

static void scaled_growth(const struct memory_sum *now, const struct memory_sum *begin, double times, double *net)
{
	__s64 to[RSS_KINDS], from[RSS_KINDS];
	int i;

	rss_kinds_of(now, to);
	rss_kinds_of(begin, from);
	for (i = 0; i < RSS_KINDS; i++)
		net[i] = times * (double)(to[i] - from[i]);
}

static void add_moments(struct moments *m, double x, double total)
{
	m->sum += x;
	m->square += x * x;
	m->product += x * total;
}

static void add_flow(struct memory_estimate *e, enum flow flow, double x)
{
	e->flow[flow] += x;
	e->square[flow] += x * x;
}

/* The off-period had `times` as much as the on-period. Faults of the on-period that were charged to no section are added, too. */
static void extend_estimate(struct memory_estimate *e, const struct memory_sum *now, const struct memory_sum *begin, double times,
			    double uncharged, const double *total)
{
	const double faults = times * uncharged + (uncharged - 1);
	double net[RSS_KINDS];
	int i;

	add_flow(e, GROWN, times * counter_increase(now->grown, begin->grown));
	add_flow(e, SHRUNK, times * counter_increase(now->shrunk, begin->shrunk));
	add_flow(e, MAPPED, times * counter_increase(now->mapped, begin->mapped));
	add_flow(e, UNMAPPED, times * counter_increase(now->unmapped, begin->unmapped));
	add_flow(e, MINOR, faults * counter_increase(now->minor, begin->minor));
	add_flow(e, MAJOR, faults * counter_increase(now->major, begin->major));
	scaled_growth(now, begin, times, net);
	for (i = 0; i < RSS_KINDS; i++)
		add_moments(&e->net[i], net[i], total[i]);
}

/*
 * Returns the ratio of an off-period's events up to `end` to those of the on-period before it. If the faults are unknown, it is
 * that of their durations.
 */
static double ratio_of_off_period(const struct off_periods *p, double faults, __u64 end, __u64 now)
{
	double part, times;

	if (end <= p->off_ns || p->off_ns <= p->on_ns || now < end)
		return 0;
	part = (double)(end - p->off_ns) / (double)(now - p->off_ns);
	times = part * faults / p->on_faults;
	return isfinite(times) ? times : (double)(end - p->off_ns) / (double)(p->off_ns - p->on_ns);
}

/*
 * Returns the ratio of the faults that the kernel counted in the on-period to those that were charged to sections. The first
 * faults of a thread are not charged, up to 64 before Linux 6.2.
 */
static double uncharged_ratio(const struct off_periods *p, const struct ledger_array *ledgers)
{
	double charged = 0, ratio;
	size_t id;

	for (id = 0; id < ledgers->nr; id++) {
		const struct memory_sum *now = &ledgers->list[id].self_memory, *begin = &p->sections[id].self_begin;

		charged += counter_increase(now->minor, begin->minor) + counter_increase(now->major, begin->major);
	}
	ratio = p->on_faults / charged;
	return isfinite(ratio) ? fmin(fmax(ratio, 1), UNCHARGED_MOST) : 1;
}

static void add_off_period(struct off_periods *p, const struct ledger_array *ledgers, double times)
{
	double total[RSS_KINDS] = {0}, net[RSS_KINDS], uncharged = uncharged_ratio(p, ledgers);
	size_t id;
	int i;

	for (id = 0; id < ledgers->nr; id++) {
		scaled_growth(&ledgers->list[id].self_memory, &p->sections[id].self_begin, times, net);
		for (i = 0; i < RSS_KINDS; i++)
			total[i] += net[i];
	}
	for (i = 0; i < RSS_KINDS; i++)
		add_moments(&p->total[i], total[i], total[i]);
	for (id = 0; id < ledgers->nr; id++) {
		const struct section_ledger *now = &ledgers->list[id];
		struct section_estimate *to = &p->sections[id];

		extend_estimate(&to->all, &now->memory, &to->begin, times, uncharged, total);
		extend_estimate(&to->self, &now->self_memory, &to->self_begin, times, uncharged, total);
	}
	p->count++;
	p->times += times;
}

static void note_on_period_begin(struct off_periods *p, const struct ledger_array *ledgers)
{
	size_t id;

	for (id = 0; id < ledgers->nr; id++) {
		p->sections[id].begin = ledgers->list[id].memory;
		p->sections[id].self_begin = ledgers->list[id].self_memory;
	}
}

static void close_off_period(struct off_periods *p, const struct ledger_array *ledgers, double faults, __u64 end, __u64 now)
{
	double times = ratio_of_off_period(p, faults, end, now);

	if (times > 0)
		add_off_period(p, ledgers, times);
}

/* ---- from one period to the next ---- */

void off_periods_enable(struct off_periods *p, const struct ledger_array *ledgers, double faults, __u64 now)
{
	assert(ledgers->nr <= BPFPROF_SECTIONS);
	if (p->off)
		close_off_period(p, ledgers, faults, now, now);
	note_on_period_begin(p, ledgers);
	p->off = false;
	p->on_ns = now;
}

void off_periods_disable(struct off_periods *p, double faults, __u64 now)
{
	if (!p->on_ns)
		return;
	p->on_faults = faults;
	p->off_ns = now;
	p->off = p->any_off = true;
}

void off_periods_clear(struct off_periods *p, __u64 now)
{
	memset(p->sections, 0, sizeof(p->sections));
	memset(p->total, 0, sizeof(p->total));
	p->count = 0;
	p->times = 0;
	p->any_off = p->off;
	if (p->off)
		p->off_ns = p->on_ns = now;
}

/* ---- in a snapshot ---- */

/* The known growth of all sections together in off-periods, by kind, and the estimated bytes grown and shrunk. */
struct known_growth {
	const struct off_periods *periods;
	double growth[RSS_KINDS], flow;
};

static double covariance(double product, double x, double y, unsigned int n)
{
	return product - x * y / n;
}

/* The variance of a sum of n equally distributed values, from their spread. One value alone may be wrong by all of itself. */
static double variance_of_sum(double square, double sum, unsigned int n)
{
	return n < 2 ? square : fmax(covariance(square, sum, sum, n), 0) * n / (n - 1);
}

/* An on-period stands for the off-period after it, and both differ from the mean: a longer off-period by less of its length. */
static double variance_of_flow(const struct off_periods *p, const struct memory_estimate *e, enum flow flow)
{
	return variance_of_sum(e->square[flow], e->flow[flow], p->count) * (1 + p->count / p->times);
}

/*
 * Returns the growth of a section, corrected by linear regression on the known growth of all sections; 0: it cannot be
 * distinguished from chance.
 */
static double net_growth(const struct memory_estimate *e, int kind, const struct known_growth *known)
{
	const struct moments *m = &e->net[kind], *total = &known->periods->total[kind];
	unsigned int n = known->periods->count;
	double of_total = covariance(total->square, total->sum, total->sum, n), slope, net, error;

	if (n < FEW_PERIODS)
		return known->flow > 0 ? known->growth[kind] * (e->flow[GROWN] + e->flow[SHRUNK]) / known->flow : 0;
	slope = of_total > 0 ? covariance(m->product, m->sum, total->sum, n) / of_total : 0;
	net = m->sum + slope * (known->growth[kind] - total->sum);
	error = covariance(m->square, m->sum, m->sum, n) - slope * slope * of_total;
	return fabs(net) > CERTAIN * sqrt(fmax(error, 0) * n / (n - 1)) ? net : 0;
}

/* Bytes grown less bytes shrunk are kept equal to the growth. */
static void add_estimate(struct memory_sum *to, const struct memory_estimate *e, const struct known_growth *known)
{
	double net[RSS_KINDS], all, grown;
	int i;

	for (i = 0; i < RSS_KINDS; i++)
		net[i] = rint(net_growth(e, i, known));
	to->anon += (__s64)net[0];
	to->file += (__s64)net[1];
	to->shmem += (__s64)net[2];
	all = net[0] + net[1] + net[2];
	grown = rint(fmax((all + e->flow[GROWN] + e->flow[SHRUNK]) / 2, fmax(all, 0)));
	to->grown += (__u64)grown;
	to->shrunk += (__u64)(grown - all);
	to->mapped += (__u64)llrint(e->flow[MAPPED]);
	to->unmapped += (__u64)llrint(e->flow[UNMAPPED]);
	to->minor += (__u64)llrint(e->flow[MINOR]);
	to->major += (__u64)llrint(e->flow[MAJOR]);
}

static void add_variances(struct memory_variance *to, const struct memory_estimate *e, const struct off_periods *p)
{
	to->grown += variance_of_flow(p, e, GROWN);
	to->shrunk += variance_of_flow(p, e, SHRUNK);
	to->mapped += variance_of_flow(p, e, MAPPED);
	to->unmapped += variance_of_flow(p, e, UNMAPPED);
	to->minor += variance_of_flow(p, e, MINOR);
	to->major += variance_of_flow(p, e, MAJOR);
}

static void subtract_observed(struct known_growth *known, const struct memory_sum *m)
{
	__s64 kinds[RSS_KINDS];
	int i;

	rss_kinds_of(m, kinds);
	for (i = 0; i < RSS_KINDS; i++)
		known->growth[i] -= (double)kinds[i];
}

/* The growth of the processes less the part that was observed in sections. */
static void compute_known_growth(struct known_growth *known, const struct snapshot *snap, const struct off_periods *p, size_t used)
{
	size_t i, id;

	*known = (struct known_growth){.periods = p};
	for (i = 0; i < RSS_KINDS; i++)
		known->growth[i] = (double)snap->growth_bytes[i];
	subtract_observed(known, &snap->outside.self_memory);
	for (i = 0; i < snap->nr_sections; i++)
		subtract_observed(known, &snap->sections[i]->ledger.self_memory);
	for (id = 0; id < used; id++)
		known->flow += p->sections[id].self.flow[GROWN] + p->sections[id].self.flow[SHRUNK];
}

static void add_estimates(struct section_ledger *to, struct memory_variance *variance, const struct section_estimate *from,
			  const struct known_growth *known)
{
	add_estimate(&to->memory, &from->all, known);
	add_estimate(&to->self_memory, &from->self, known);
	add_variances(&variance[0], &from->all, known->periods);
	add_variances(&variance[1], &from->self, known->periods);
}

/* If an off-period is at hand, it is closed in a copy. */
void off_periods_add(const struct off_periods *p, struct snapshot *snap, const __u16 *section_index, const struct ledger_array *ledgers,
		     double faults, __u64 now)
{
	struct known_growth known;
	struct off_periods *copy;
	size_t id;

	assert(ledgers->nr <= BPFPROF_SECTIONS);
	if (!p->any_off)
		return;
	snap->memory_estimated = true;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return;
	*copy = *p;
	if (copy->off)
		close_off_period(copy, ledgers, faults, snap->end_ns, now);
	compute_known_growth(&known, snap, copy, ledgers->nr);
	for (id = 0; id < ledgers->nr && copy->count; id++) {
		struct snapshot_section *to = section_index[id] == SNAPSHOT_OUTSIDE ? NULL : snap->sections[section_index[id]];

		if (id == SECTION_OUTSIDE)
			add_estimates(&snap->outside, snap->outside_variance, &copy->sections[id], &known);
		else if (to)
			add_estimates(&to->ledger, to->memory_variance, &copy->sections[id], &known);
	}
	free(copy);
}
