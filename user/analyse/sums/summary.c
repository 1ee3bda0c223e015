// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* summary.c - the numbers of a section, of a cache and of the model from their counters. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/sums/numbers.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"
#include "base/sanitize.h"

int64_t summary_count(__u64 n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

int64_t summary_add_count(int64_t to, __u64 n)
{
	int64_t total;

	return __builtin_add_overflow(to, summary_count(n), &total) ? INT64_MAX : total;
}

bool summary_is_unseen(const struct snapshot_section *facts)
{
	return facts->stat.sampled && (facts->left_by_jump || facts->has_no_time);
}

void summary_forget_times(struct dcbs_section *s)
{
	s->total_s = s->self_s = s->mean_s = s->min_s = s->max_s = s->items_per_s = s->error_s = s->in_flight = NAN;
	s->p50_s = s->p90_s = s->p95_s = s->p99_s = s->p999_s = NAN;
	s->histogram.nr_buckets = s->histogram.zero_count = 0;
}

bool summary_is_empty(const struct snapshot_section *facts)
{
	const struct section_stat *s = &facts->stat;

	return !s->count && !facts->unreturned && !s->unstarted && !facts->open && !s->sizes && !(s->sampled && s->total_ns) &&
	       !summary_is_unseen(facts);
}

bool summary_is_section(const struct snapshot_section *facts)
{
	return facts->kind == DCBS_NAME_SECTION || facts->kind == DCBS_NAME_FORWARD || facts->kind == DCBS_NAME_GENERATION;
}

bool summary_is_timed(const struct snapshot_section *facts)
{
	return summary_is_section(facts) && !facts->stat.sampled;
}

char *summary_name(const struct snapshot_section *facts)
{
	return facts->name[0] ? sanitize(facts->name, sizeof(facts->name)) : sanitize("(unnamed)", SNAPSHOT_RAW_NAME);
}

static int copy_histogram(struct dcbs_histogram *to, const struct section_stat *stat)
{
	__u32 place;
	size_t n = 0;

	for (place = 0; place < HIST_PLACES; place++)
		n += stat->buckets[place] != 0;
	to->zero_count = summary_count(stat->zero_count);
	to->buckets = calloc(n + 1, sizeof(*to->buckets));
	if (!to->buckets)
		return -ENOMEM;
	for (place = 0; place < HIST_PLACES; place++)
		if (stat->buckets[place])
			to->buckets[to->nr_buckets++] = (struct dcbs_bucket) {
				hist_index(place), summary_count(stat->buckets[place]),
			};
	assert(to->nr_buckets == n);
	return 0;
}

int summary_section(struct dcbs_section *to, const struct snapshot_section *facts)
{
	static const double q[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	const struct section_stat *s = &facts->stat;
	double p[5];

	numbers_percentiles_ns(s, q, p, 5);
	*to = (struct dcbs_section) {
		.name = summary_name(facts), .kind = facts->kind,
		.count = s->sampled == SAMPLED ? DCBS_UNKNOWN : summary_count(s->count + facts->unreturned),
		.unreturned = s->sampled ? DCBS_UNKNOWN : summary_count(facts->unreturned),
		.error_s = NAN, .unseen_s = NAN, .profiling_s = NAN, .profiling_per_call_s = NAN,
		.total_s = s->total_ns * S_PER_NS, .self_s = s->self_ns * S_PER_NS,
		.mean_s = numbers_mean_ns(s) * S_PER_NS, .min_s = numbers_min_ns(s) * S_PER_NS, .max_s = numbers_max_ns(s) * S_PER_NS,
		.p50_s = p[0] * S_PER_NS, .p90_s = p[1] * S_PER_NS, .p95_s = p[2] * S_PER_NS,
		.p99_s = p[3] * S_PER_NS, .p999_s = p[4] * S_PER_NS,
		.open = summary_count(facts->open), .open_at_start = summary_count(s->unstarted),
		.errors = summary_count(s->errors), .cancelled = s->sampled ? DCBS_UNKNOWN : summary_count(s->cancelled),
		.items = s->items ? summary_count(s->items) : DCBS_UNKNOWN,
		.items_per_s = s->items && s->total_ns ? s->items / (s->total_ns * S_PER_NS) : NAN,
	};
	if (!to->name)
		return -ENOMEM;
	return copy_histogram(&to->histogram, s);
}

int summary_cache(struct dcbs_cache_summary *to, const struct snapshot_section *facts)
{
	static const double q[] = {0.5, 0.9, 0.95, 0.99};
	const struct section_stat *s = &facts->stat;
	__u64 hits = s->hits < s->count ? s->hits : s->count;
	double p[4];

	numbers_percentiles_ns(s, q, p, 4);
	*to = (struct dcbs_cache_summary) {
		.name = summary_name(facts), .hit_rate = s->count ? (double)hits / s->count : NAN,
		.total_accesses = summary_count(s->count), .hits = summary_count(hits),
		.misses = summary_count(s->count) - summary_count(hits),
		.mean_s = numbers_mean_ns(s) * S_PER_NS, .min_s = numbers_min_ns(s) * S_PER_NS, .max_s = numbers_max_ns(s) * S_PER_NS,
		.p50_s = p[0] * S_PER_NS, .p90_s = p[1] * S_PER_NS, .p95_s = p[2] * S_PER_NS, .p99_s = p[3] * S_PER_NS,
		.current_size_bytes = s->sizes ? s->size_last : NAN, .max_size_bytes = s->sizes ? s->size_max : NAN,
		.mean_size_bytes = s->sizes ? (double)s->size_sum / s->sizes : NAN,
	};
	return to->name ? 0 : -ENOMEM;
}

/*
 * The times cover calls that began and ended in the window. The rate of tokens divides by the total time, as items_per_s of
 * the section does: calls that began before the window have produced tokens, too.
 */
static void add_model_times(struct dcbs_model_times *to, const struct section_stat *s, double *total_ns)
{
	to->count = summary_add_count(to->count, s->count);
	to->total_s += s->sum_ns * S_PER_NS;
	to->min_s = fmin(to->min_s, numbers_min_ns(s) * S_PER_NS);
	to->max_s = fmax(to->max_s, numbers_max_ns(s) * S_PER_NS);
	to->mean_s = to->count ? to->total_s / to->count : NAN;
	if (!s->items)
		return;
	to->tokens = summary_add_count(to->tokens == DCBS_UNKNOWN ? 0 : to->tokens, s->items);
	*total_ns += s->total_ns;
	to->tokens_per_s = *total_ns > 0 ? to->tokens / (*total_ns * S_PER_NS) : NAN;
}

static void start_model_times(struct dcbs_model_times *t)
{
	*t = (struct dcbs_model_times) {
		.mean_s = NAN, .min_s = NAN, .max_s = NAN, .tokens = DCBS_UNKNOWN, .tokens_per_s = NAN,
	};
}

void summary_model(struct dcbs_model_summary *to, const struct snapshot *snap)
{
	double forward_ns = 0, generation_ns = 0, rss_sum = 0, rss_samples = 0;
	const struct snapshot_section *facts;
	size_t i;

	start_model_times(&to->forward_pass);
	start_model_times(&to->generation);
	to->peak_memory_bytes = to->mean_memory_bytes = to->min_memory_bytes = NAN;
	for (i = 0; i < snap->nr_sections; i++) {
		facts = snap->sections[i];
		if (facts->kind == DCBS_NAME_FORWARD)
			add_model_times(&to->forward_pass, &facts->stat, &forward_ns);
		else if (facts->kind == DCBS_NAME_GENERATION)
			add_model_times(&to->generation, &facts->stat, &generation_ns);
		else
			continue;
		if (!facts->stat.rss_samples)
			continue;
		rss_samples += facts->stat.rss_samples;
		rss_sum += facts->stat.rss_sum;
		to->peak_memory_bytes = fmax(to->peak_memory_bytes, facts->stat.rss_max);
		to->min_memory_bytes = fmin(to->min_memory_bytes, ~facts->stat.rss_min_inv);
		to->mean_memory_bytes = rss_sum / rss_samples;
	}
}
