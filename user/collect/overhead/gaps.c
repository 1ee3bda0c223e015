// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gaps.c - faults and changes of RSS that nobody watched. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/overhead/gaps.h"
#include "collect/target/target.h"

#define CERTAIN 4	/* standard errors */
#define FEW_GAPS 8	/* with fewer there is no telling */
#define MISSED_MOST 2	/* so many times more faults may a watch have had than it saw */

/* Sums over gaps of some x, of its square, and of its product with the growth of all sections in the same gap. */
struct moments {
	double sum, square, product;
};

/* What went on in gaps. Bytes, but for the faults. */
struct guess {
	double grown, shrunk, minor, major, mapped, unmapped;
	struct moments net[RSS_KINDS];
};

struct gap_section {
	struct memory_sum seen, self_seen;	/* when the watch began */
	struct guess guess, self_guess;
};

struct gaps {
	struct gap_section sections[BPFPROF_SECTIONS];
	struct moments all[RSS_KINDS];	/* the growth of all sections, the product is the square */
	unsigned int count;		/* gaps in which something went on */
	bool resting;			/* the watch is over */
	bool any;
	__u64 watch_ns, rest_ns;	/* when it began, 0: there was none, and when it was over */
	double watch_faults;		/* meanwhile */
	__u64 faults[BPFPROF_FOLLOWED];	/* of each target, at the last look */
};

/* Faults of the targets since the last look. NAN: one has come or gone. */
static double look_at_faults(const struct session *session, __u64 *last)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		__u64 now = session->targets[i].pid ? target_faults(&session->targets[i]) : 0;

		sum += !now == !last[i] && now >= last[i] ? (double)(now - last[i]) : NAN;
		last[i] = now;
	}
	return sum;
}

/* ---- what a gap adds ---- */

static void kinds_of(const struct memory_sum *m, __s64 *kinds)
{
	kinds[0] = m->anon;
	kinds[1] = m->file;
	kinds[2] = m->shmem;
}

static double more(__u64 now, __u64 before)
{
	return now > before ? (double)(now - before) : 0;
}

static void growth(const struct memory_sum *now, const struct memory_sum *seen, double times, double *net)
{
	__s64 to[RSS_KINDS], from[RSS_KINDS];
	int i;

	kinds_of(now, to);
	kinds_of(seen, from);
	for (i = 0; i < RSS_KINDS; i++)
		net[i] = times * (double)(to[i] - from[i]);
}

static void add_moments(struct moments *m, double x, double all)
{
	m->sum += x;
	m->square += x * x;
	m->product += x * all;
}

static void guess_more(struct guess *g, const struct memory_sum *now, const struct memory_sum *seen, double times, double missed,
		       const double *all)
{
	const double faults = times * missed + (missed - 1);	/* those of the watch itself, too */
	double net[RSS_KINDS];
	int i;

	g->grown += times * more(now->grown, seen->grown);
	g->shrunk += times * more(now->shrunk, seen->shrunk);
	g->minor += faults * more(now->minor, seen->minor);
	g->major += faults * more(now->major, seen->major);
	g->mapped += times * more(now->mapped, seen->mapped);
	g->unmapped += times * more(now->unmapped, seen->unmapped);
	growth(now, seen, times, net);
	for (i = 0; i < RSS_KINDS; i++)
		add_moments(&g->net[i], net[i], all[i]);
}

/* How much more the gap had than the watch before it, up to `end`. By time where faults are not known. */
static double gap_times(const struct session *session, const struct gaps *gaps, __u64 *last, __u64 end)
{
	__u64 now = clock_now_ns();
	double faults = look_at_faults(session, last), part, times;

	if (end <= gaps->rest_ns || gaps->rest_ns <= gaps->watch_ns || now < end)
		return 0;
	part = (double)(end - gaps->rest_ns) / (double)(now - gaps->rest_ns);
	times = part * faults / gaps->watch_faults;
	return isfinite(times) ? times : (double)(end - gaps->rest_ns) / (double)(gaps->rest_ns - gaps->watch_ns);
}

/*
 * How many times more faults the kernel counted in the watch than were put down to anybody: a thread's first ones are not,
 * before Linux 6.2 up to 64.
 */
static double missed_faults(const struct session *session, const struct gaps *gaps)
{
	size_t section_id, used = stat_maps_used(session);
	double seen = 0, missed;

	for (section_id = 0; section_id < used; section_id++) {
		const struct memory_sum *now = &session->ledgers[section_id].self_memory, *then = &gaps->sections[section_id].self_seen;

		seen += more(now->minor, then->minor) + more(now->major, then->major);
	}
	missed = gaps->watch_faults / seen;
	return isfinite(missed) ? fmin(fmax(missed, 1), MISSED_MOST) : 1;
}

static void add_gap(const struct session *session, struct gaps *gaps, double times)
{
	double all[RSS_KINDS] = {0}, net[RSS_KINDS], missed = missed_faults(session, gaps);
	size_t section_id, used = stat_maps_used(session);
	int i;

	for (section_id = 0; section_id < used; section_id++) {
		growth(&session->ledgers[section_id].self_memory, &gaps->sections[section_id].self_seen, times, net);
		for (i = 0; i < RSS_KINDS; i++)
			all[i] += net[i];
	}
	for (i = 0; i < RSS_KINDS; i++)
		add_moments(&gaps->all[i], all[i], all[i]);
	for (section_id = 0; section_id < used; section_id++) {
		struct gap_section *to = &gaps->sections[section_id];

		guess_more(&to->guess, &session->ledgers[section_id].memory, &to->seen, times, missed, all);
		guess_more(&to->self_guess, &session->ledgers[section_id].self_memory, &to->self_seen, times, missed, all);
	}
	gaps->count++;
}

static void see(const struct session *session, struct gaps *gaps)
{
	size_t section_id, used = stat_maps_used(session);

	for (section_id = 0; section_id < used; section_id++) {
		gaps->sections[section_id].seen = session->ledgers[section_id].memory;
		gaps->sections[section_id].self_seen = session->ledgers[section_id].self_memory;
	}
}

static void close_gap(const struct session *session, struct gaps *gaps, __u64 end)
{
	double times = gap_times(session, gaps, gaps->faults, end);

	if (times > 0)
		add_gap(session, gaps, times);
}

/* ---- between gaps ---- */

void gaps_watch(struct session *session)
{
	struct gaps *gaps = session->gaps;

	if (!gaps)
		gaps = session->gaps = calloc(1, sizeof(*gaps));
	if (!gaps || stat_maps_reach(session, stat_maps_used(session)))
		return;
	if (gaps->resting)
		close_gap(session, gaps, clock_now_ns());
	else
		look_at_faults(session, gaps->faults);
	see(session, gaps);
	gaps->resting = false;
	gaps->watch_ns = clock_now_ns();
}

void gaps_rest(struct session *session)
{
	struct gaps *gaps = session->gaps;

	if (!gaps || !gaps->watch_ns)
		return;
	gaps->watch_faults = look_at_faults(session, gaps->faults);
	gaps->rest_ns = clock_now_ns();
	gaps->resting = gaps->any = true;
}

void gaps_clear(struct session *session)
{
	struct gaps *gaps = session->gaps;

	if (!gaps)
		return;
	memset(gaps->sections, 0, sizeof(gaps->sections));
	memset(gaps->all, 0, sizeof(gaps->all));
	gaps->count = 0;
	gaps->any = gaps->resting;
	if (gaps->resting)
		gaps->rest_ns = gaps->watch_ns = clock_now_ns();
}

/* ---- in a snapshot ---- */

/* The growth in gaps that is known of all sections together, by kind. */
struct known {
	const struct gaps *gaps;
	double growth[RSS_KINDS], flow;
};

static double covariance(double product, double x, double y, unsigned int n)
{
	return product - x * y / n;
}

/*
 * The growth of a section, corrected by what is known of all of them as far as it goes up and down with that: by linear
 * regression. 0: it cannot be told from chance.
 */
static double net_growth(const struct guess *g, int kind, const struct known *known)
{
	const struct moments *m = &g->net[kind], *all = &known->gaps->all[kind];
	unsigned int n = known->gaps->count;
	double of_all = covariance(all->square, all->sum, all->sum, n), slope, net, error;

	if (n < FEW_GAPS)
		return known->flow > 0 ? known->growth[kind] * (g->grown + g->shrunk) / known->flow : 0;
	slope = of_all > 0 ? covariance(m->product, m->sum, all->sum, n) / of_all : 0;
	net = m->sum + slope * (known->growth[kind] - all->sum);
	error = covariance(m->square, m->sum, m->sum, n) - slope * slope * of_all;
	return fabs(net) > CERTAIN * sqrt(fmax(error, 0) * n / (n - 1)) ? net : 0;
}

static void fill_sum(struct memory_sum *to, const struct guess *g, const struct known *known)
{
	double net[RSS_KINDS], all, grown;
	int i;

	for (i = 0; i < RSS_KINDS; i++)
		net[i] = rint(net_growth(g, i, known));
	to->anon += (__s64)net[0];
	to->file += (__s64)net[1];
	to->shmem += (__s64)net[2];
	/* What came and what went differ by the growth. */
	all = net[0] + net[1] + net[2];
	grown = rint(fmax((all + g->grown + g->shrunk) / 2, fmax(all, 0)));
	to->grown += (__u64)grown;
	to->shrunk += (__u64)(grown - all);
	to->mapped += (__u64)llrint(g->mapped);
	to->unmapped += (__u64)llrint(g->unmapped);
	to->minor += (__u64)llrint(g->minor);
	to->major += (__u64)llrint(g->major);
}

static void take_off(struct known *known, const struct memory_sum *m)
{
	__s64 kinds[RSS_KINDS];
	int i;

	kinds_of(m, kinds);
	for (i = 0; i < RSS_KINDS; i++)
		known->growth[i] -= (double)kinds[i];
}

/* The growth of the processes less what sections were seen to have of it. */
static void find_known(struct known *known, const struct snapshot *snap, const struct gaps *gaps, size_t used)
{
	size_t i, section_id;

	*known = (struct known) {.gaps = gaps};
	for (i = 0; i < RSS_KINDS; i++)
		known->growth[i] = (double)snap->growth_bytes[i];
	take_off(known, &snap->outside.self_memory);
	for (i = 0; i < snap->nr_sections; i++)
		take_off(known, &snap->sections[i]->ledger.self_memory);
	for (section_id = 0; section_id < used; section_id++)
		known->flow += gaps->sections[section_id].self_guess.grown + gaps->sections[section_id].self_guess.shrunk;
}

static struct section_ledger *ledger_in(struct snapshot *snap, const __u16 *section_index, size_t section_id)
{
	if (section_id == SECTION_OUTSIDE)
		return &snap->outside;
	return section_index[section_id] == SNAPSHOT_OUTSIDE ? NULL : &snap->sections[section_index[section_id]]->ledger;
}

void gaps_fill(const struct session *session, struct snapshot *snap, const __u16 *section_index)
{
	size_t section_id, used = stat_maps_used(session);
	struct gaps *now;
	struct known known;

	if (!session->gaps || !session->gaps->any)
		return;
	snap->memory_estimated = true;
	now = malloc(sizeof(*now));	/* the gap that goes on is closed in a copy */
	if (!now)
		return;
	*now = *session->gaps;
	if (now->resting)
		close_gap(session, now, snap->end_ns);
	find_known(&known, snap, now, used);
	for (section_id = 0; section_id < used && now->count; section_id++) {
		struct section_ledger *to = ledger_in(snap, section_index, section_id);

		if (!to)
			continue;
		fill_sum(&to->memory, &now->sections[section_id].guess, &known);
		fill_sum(&to->self_memory, &now->sections[section_id].self_guess, &known);
	}
	free(now);
}
