// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ledger.c - the parts of a section's time, and its changes of memory. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/sums/numbers.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"

#define COARSE_SUB (1 << COARSE_SCALE)
#define ROUNDING 0.01	/* of a mean number of calls */
#define WALL_FIELDS (sizeof(struct dcbs_wall) / sizeof(double))

/* ---- wall time ---- */

double ledger_off_ns(const __u64 *off_ns)
{
	double total_ns = 0;
	int i;

	for (i = 0; i < CAUSES; i++)
		total_ns += (double)off_ns[i];
	return total_ns;
}

static const struct dcbs_wall unknown_wall = {
	NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
};

_Static_assert(sizeof(unknown_wall) == 19 * sizeof(double), "all fields are doubles, and each is NAN");

/* Values that no cause has yet are reported as other waits. */
static double other_ns(const __u64 *off_ns)
{
	double ns = (double)off_ns[CAUSE_PIPE] + (double)off_ns[CAUSE_CHILD] + (double)off_ns[CAUSE_STOPPED];
	int i;

	for (i = CAUSE_OTHER; i < CAUSES; i++)
		ns += i == CAUSE_THROTTLED || i == CAUSE_STEAL ? 0 : (double)off_ns[i];
	return ns;
}

/*
 * The BPF programs update the counters while the profiler reads them one after the other, so the waits may add up to a
 * little more than the total. Then the running time is 0 and the difference is the residue.
 */
void ledger_wall(struct dcbs_wall *to, const __u64 *off_ns, double worker_ns, double total_ns)
{
	double cpu_ns;

	*to = unknown_wall;
	if (!off_ns)
		return;
	cpu_ns = total_ns - ledger_off_ns(off_ns);
	*to = (struct dcbs_wall) {
		.cpu_s = fmax(cpu_ns, 0) * S_PER_NS, .residue_s = fmin(cpu_ns, 0) * S_PER_NS, .worker_cpu_s = worker_ns * S_PER_NS,
		.runqueue_s = off_ns[CAUSE_RUNQUEUE] * S_PER_NS, .throttled_s = off_ns[CAUSE_THROTTLED] * S_PER_NS,
		.steal_s = off_ns[CAUSE_STEAL] * S_PER_NS,
		.gil_s = off_ns[CAUSE_GIL] * S_PER_NS, .lock_s = off_ns[CAUSE_LOCK] * S_PER_NS,
		.disk_s = ((double)off_ns[CAUSE_DISK] + (double)off_ns[CAUSE_SYNC]) * S_PER_NS, .sync_s = off_ns[CAUSE_SYNC] * S_PER_NS,
		.network_s = off_ns[CAUSE_NETWORK] * S_PER_NS, .fault_s = off_ns[CAUSE_FAULT] * S_PER_NS,
		.sleep_s = off_ns[CAUSE_SLEEP] * S_PER_NS, .gpu_s = off_ns[CAUSE_GPU] * S_PER_NS, .other_s = other_ns(off_ns) * S_PER_NS,
		.pipe_s = off_ns[CAUSE_PIPE] * S_PER_NS, .child_s = off_ns[CAUSE_CHILD] * S_PER_NS,
		.stopped_s = off_ns[CAUSE_STOPPED] * S_PER_NS,
	};
}

/* ---- flows ---- */

/* The parts of a section's figures, or of those of its self time, that are of other flows than their threads' first ones. */
struct flow_times {
	double total_ns, off_ns, run_ns;
};

static struct flow_times flow_times_of(const struct snapshot_section *facts, bool self)
{
	const struct section_ledger *l = &facts->ledger;
	const struct section_stat *s = &facts->stat;

	return (struct flow_times) {
		.total_ns = (double)(self ? s->flow_self_ns : s->flow_total_ns),
		.off_ns = (double)(self ? l->self_flow_off_ns : l->flow_off_ns),
		.run_ns = (double)(self ? l->self_flow_run_ns : l->flow_run_ns),
	};
}

double ledger_cpu_ns(const struct snapshot_section *facts, bool self, double *await_ns)
{
	const __u64 *off_ns = self ? facts->ledger.self_off_ns : facts->ledger.off_ns;
	double total_ns = (double)(self ? facts->stat.self_ns : facts->stat.total_ns);
	struct flow_times flow = flow_times_of(facts, self);
	double not_off_ns = fmax(flow.total_ns - flow.off_ns, 0);

	*await_ns = fmax(not_off_ns - flow.run_ns, 0);
	return total_ns - ledger_off_ns(off_ns) - *await_ns;
}

/* The standard deviation of the running time: each tick stands for the time since the one before. Without a tick, that of one. */
static double cpu_error_s(const struct snapshot_section *facts)
{
	double error_s = sqrt((double)facts->ledger.flow_run_us2) * 1e-6;

	return facts->stat.flow_total_ns ? fmax(error_s, 1.0 / TICK_HZ) : NAN;
}

static void section_wall(struct dcbs_wall *to, const struct snapshot_section *facts, bool self)
{
	const struct section_ledger *l = &facts->ledger;
	double total_ns = (double)(self ? facts->stat.self_ns : facts->stat.total_ns), await_ns;

	ledger_cpu_ns(facts, self, &await_ns);
	ledger_wall(to, self ? l->self_off_ns : l->off_ns, self ? l->self_worker_ns : l->worker_ns, total_ns - await_ns);
	to->await_s = await_ns * S_PER_NS;
}

/* struct dcbs_wall has only doubles, see the assertion above. */
void ledger_add_wall(struct dcbs_wall *to, const struct dcbs_wall *from)
{
	double *fields = (double *)to;
	const double *more = (const double *)from;
	size_t i;

	for (i = 0; i < WALL_FIELDS; i++)
		fields[i] += more[i];
}

double ledger_active_s(const struct dcbs_wall *w)
{
	return w->cpu_s + w->runqueue_s + w->throttled_s + w->steal_s + w->gil_s + w->disk_s + w->fault_s;
}

/* ---- memory ---- */

int64_t ledger_add(int64_t a, int64_t b)
{
	return a == DCBS_UNKNOWN || b == DCBS_UNKNOWN ? DCBS_UNKNOWN : (int64_t)((uint64_t)a + (uint64_t)b);
}

int64_t ledger_subtract(int64_t a, int64_t b)
{
	return a == DCBS_UNKNOWN || b == DCBS_UNKNOWN ? DCBS_UNKNOWN : (int64_t)((uint64_t)a - (uint64_t)b);
}

int64_t ledger_growth(const struct memory_sum *m)
{
	return ledger_add(ledger_add(m->anon, m->file), m->shmem);
}

/* A fault that brings no page is the first write to a page that was shared, or to one that nobody else shares any more. */
static int64_t copied_bytes(const struct memory_sum *m)
{
	__u64 faulted = (m->minor + m->major) * RSS_PAGE_BYTES;

	return summary_count(faulted > m->grown ? faulted - m->grown : 0);
}

static int64_t deviation(double variance)
{
	return (int64_t)fmin(rint(sqrt(variance)), 1e18);
}

static void add_memory_errors(struct dcbs_memory *to, const struct memory_variance *v)
{
	to->grown_error_bytes = deviation(v->grown);
	to->shrunk_error_bytes = deviation(v->shrunk);
	to->mapped_error_bytes = deviation(v->mapped);
	to->unmapped_error_bytes = deviation(v->unmapped);
	to->minor_faults_error = deviation(v->minor);
	to->major_faults_error = deviation(v->major);
}

static void forget_memory(struct dcbs_memory *to)
{
	*to = (struct dcbs_memory) {
		DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN,
		DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN, DCBS_UNKNOWN,
	};
}

void ledger_memory(struct dcbs_memory *to, const struct memory_sum *m, const struct memory_variance *variance, int64_t peak_bytes)
{
	forget_memory(to);
	if (!m)
		return;
	*to = (struct dcbs_memory) {
		.grown_error_bytes = DCBS_UNKNOWN, .shrunk_error_bytes = DCBS_UNKNOWN, .mapped_error_bytes = DCBS_UNKNOWN,
		.unmapped_error_bytes = DCBS_UNKNOWN, .minor_faults_error = DCBS_UNKNOWN, .major_faults_error = DCBS_UNKNOWN,
		.rss_delta_bytes = ledger_growth(m),
		.anon_delta_bytes = m->anon, .file_delta_bytes = m->file, .shmem_delta_bytes = m->shmem,
		.grown_bytes = summary_count(m->grown), .shrunk_bytes = summary_count(m->shrunk),
		.peak_delta_bytes = peak_bytes,
		.minor_faults = summary_count(m->minor), .major_faults = summary_count(m->major),
		.mapped_bytes = summary_count(m->mapped), .unmapped_bytes = summary_count(m->unmapped),
		.copied_bytes = copied_bytes(m),
	};
	if (variance)
		add_memory_errors(to, variance);
}

/* ---- distributions per call ---- */

void ledger_no_spread(struct dcbs_spread *to)
{
	*to = (struct dcbs_spread) {DCBS_UNKNOWN, NAN, NAN, NAN, NAN, {0, 0, NULL}};
}

/* The BPF programs store the maximum after the buckets, so it may still be unknown: fmin ignores a NAN argument. */
static double spread_value_at(const struct dcbs_spread *s, double q)
{
	const struct dcbs_histogram *h = &s->histogram;
	double rank = numbers_rank(q, (__u64)s->calls), below = 0;
	size_t i;

	if (rank >= (double)s->calls && !isnan(s->max))
		return s->max;
	for (i = 0; i + 1 < h->nr_buckets; i++) {
		below += (double)h->buckets[i].count;
		if (below >= rank)
			break;
	}
	return fmin(numbers_bucket_middle(h->buckets[i].index, COARSE_SUB), s->max);
}

static size_t count_used_places(const __u32 *places)
{
	size_t n = 0;
	int place;

	for (place = 0; place < COARSE_PLACES; place++)
		n += places[place] != 0;
	return n;
}

static void copy_places(struct dcbs_spread *to, const __u32 *places)
{
	struct dcbs_histogram *h = &to->histogram;
	int place;

	for (place = 0; place < COARSE_PLACES; place++) {
		if (!places[place])
			continue;
		h->buckets[h->nr_buckets++] = (struct dcbs_bucket) {place - 1, places[place]};
		to->calls += places[place];
	}
}

int ledger_spread(struct dcbs_spread *to, const __u32 *places, __u64 max, __u64 calls)
{
	ledger_no_spread(to);
	to->calls = 0;
	to->histogram.buckets = calloc(count_used_places(places) + 1, sizeof(*to->histogram.buckets));
	if (!to->histogram.buckets)
		return -ENOMEM;
	copy_places(to, places);
	if (to->calls) {
		assert(to->histogram.nr_buckets);
		to->max = max ? (double)max : NAN;
		to->p50 = spread_value_at(to, 0.5);
		to->p90 = spread_value_at(to, 0.9);
		to->p99 = spread_value_at(to, 0.99);
	}
	to->histogram.zero_count = calls > (__u64)to->calls ? calls - (__u64)to->calls : 0;
	return 0;
}

/* ---- a section ---- */

/* A call that ended in its thread's last moments is in stat.open and may have been open alone. */
static int64_t most_in_flight(const struct snapshot_section *facts, double mean)
{
	__u64 open = facts->open - facts->stat.open, any = facts->stat.count || facts->open || facts->stat.unstarted;
	__u64 least = mean > 0 ? (__u64)ceil(mean - ROUNDING) : 0;

	if (facts->stat.sampled)
		return DCBS_UNKNOWN;
	open = open > facts->most_open ? open : facts->most_open;
	open = open > least ? open : least;
	return summary_count(open > any ? open : any);
}

static int add_spreads(struct dcbs_section *to, const struct section_ledger *l)
{
	__u64 calls = (__u64)to->count, not_shrunk = calls > l->shrunk_calls ? calls - l->shrunk_calls : 0;
	int err = ledger_spread(&to->growth, l->growth, l->growth_max, not_shrunk);

	return err ? err : ledger_spread(&to->faults, l->faults, l->faults_max, calls);
}

/* Functions of --section and calls that have not ended have sums of memory only, nothing for single calls. */
static bool calls_are_known(const struct section_ledger *l)
{
	const struct memory_sum *m = &l->memory;

	return l->peak_bytes || l->shrunk_calls || l->faults_max || !(m->grown || m->shrunk || m->minor || m->major);
}

int ledger_section(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap)
{
	const struct section_ledger *l = &facts->ledger;
	bool memory_known = snap->memory_known && !facts->stat.sampled;
	bool calls_known = memory_known && !snap->memory_estimated && calls_are_known(l) && !facts->stat.flow_total_ns;
	const struct memory_variance *variance = snap->memory_estimated ? facts->memory_variance : NULL;
	bool wall_known = snap->wall_known && !summary_is_unseen(facts) && (!facts->stat.sampled || snap->frequency_hz);

	to->wall = to->self_wall = unknown_wall;
	to->cpu_error_s = NAN;
	if (wall_known) {
		section_wall(&to->wall, facts, false);
		section_wall(&to->self_wall, facts, true);
		to->cpu_error_s = cpu_error_s(facts);
	}
	if (facts->suspends) {
		to->wall.await_s = to->self_wall.await_s = NAN;
		to->cpu_error_s = facts->total_error_ns * S_PER_NS;
	}
	to->in_flight = snap->end_ns > snap->start_ns ? to->total_s / ((double)(snap->end_ns - snap->start_ns) * S_PER_NS) : NAN;
	to->in_flight_most = most_in_flight(facts, to->in_flight);
	ledger_memory(&to->memory, memory_known ? &l->memory : NULL, variance, calls_known ? summary_count(l->peak_bytes) : DCBS_UNKNOWN);
	ledger_memory(&to->self_memory, memory_known ? &l->self_memory : NULL, variance ? &variance[1] : NULL, DCBS_UNKNOWN);
	to->late_growth_bytes = memory_known && snap->late_part > 0 ? facts->late_growth_bytes : DCBS_UNKNOWN;
	ledger_no_spread(&to->growth);
	ledger_no_spread(&to->faults);
	return calls_known ? add_spreads(to, l) : 0;
}
