// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_caches.c - caches of several sessions, and what the model did in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge/merge_lists.h"
#include "analyse/merge/merge_model.h"
#include "analyse/merge/sums.h"

/* ---- caches ---- */

static double accesses(const struct dcbs_cache_summary *c)
{
	return c->total_accesses == DCBS_UNKNOWN ? NAN : (double)c->total_accesses;
}

/* A session does not keep the histogram of a cache: percentiles of several are unknown, as is the size of all together. */
static void add_cache(struct dcbs_cache_summary *to, const struct dcbs_cache_summary *c)
{
	to->mean_s = sums_mean(to->mean_s, accesses(to), c->mean_s, accesses(c));
	to->min_s = fmin(to->min_s, c->min_s);
	to->max_s = fmax(to->max_s, c->max_s);
	to->total_accesses = sums_count(to->total_accesses, c->total_accesses);
	to->hits = sums_count(to->hits, c->hits);
	to->misses = sums_count(to->misses, c->misses);
	to->hit_rate = to->total_accesses > 0 && to->hits != DCBS_UNKNOWN ? (double)to->hits / (double)to->total_accesses : NAN;
	to->p50_s = to->p90_s = to->p95_s = to->p99_s = NAN;
	to->current_size_bytes = to->mean_size_bytes = NAN;
	to->max_size_bytes = fmax(to->max_size_bytes, c->max_size_bytes);
}

static struct dcbs_cache_summary *find_cache(struct dcbs_report *to, const char *name)
{
	size_t i;

	for (i = 0; i < to->nr_caches; i++)
		if (!strcmp(to->caches[i].name, name))
			return &to->caches[i];
	return NULL;
}

static int order_caches(const void *a, const void *b)
{
	return strcmp(((const struct dcbs_cache_summary *)a)->name, ((const struct dcbs_cache_summary *)b)->name);
}

static int add_caches(struct dcbs_report *to, const struct dcbs_report *session)
{
	size_t i;

	for (i = 0; i < session->nr_caches; i++) {
		struct dcbs_cache_summary *cache = find_cache(to, session->caches[i].name);

		if (cache) {
			add_cache(cache, &session->caches[i]);
			continue;
		}
		cache = &to->caches[to->nr_caches++];
		*cache = session->caches[i];
		cache->name = strdup(session->caches[i].name);
		if (!cache->name)
			return -ENOMEM;
	}
	return 0;
}

int merge_caches(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	size_t i, all = 0;
	int err = 0;

	for (i = 0; i < nr; i++)
		all += sessions[i]->nr_caches;
	to->caches = calloc(all + 1, sizeof(*to->caches));
	if (!to->caches)
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++)
		err = add_caches(to, sessions[i]);
	if (!err)
		qsort(to->caches, to->nr_caches, sizeof(*to->caches), order_caches);
	return err;
}

/* ---- the model ---- */

/* The time in which the tokens came: the rate is by all calls, those included that began before the window. */
static double token_time(const struct dcbs_model_times *m)
{
	return m->tokens > 0 && m->tokens_per_s > 0 ? (double)m->tokens / m->tokens_per_s : NAN;
}

static void add_times(struct dcbs_model_times *to, const struct dcbs_model_times *m)
{
	double time = sums_present(token_time(to), token_time(m));

	to->mean_s = sums_mean(to->mean_s, (double)to->count, m->mean_s, (double)m->count);
	to->min_s = fmin(to->min_s, m->min_s);
	to->max_s = fmax(to->max_s, m->max_s);
	to->total_s = sums_present(to->total_s, m->total_s);
	to->count = sums_count(to->count, m->count);
	to->tokens = sums_present_count(to->tokens, m->tokens);
	to->tokens_per_s = to->tokens > 0 ? (double)to->tokens / time : NAN;
}

void merge_model_add(struct dcbs_model_summary *to, const struct dcbs_model_summary *m)
{
	double calls = (double)(to->forward_pass.count + to->generation.count);
	double more = (double)(m->forward_pass.count + m->generation.count);

	to->mean_memory_bytes = sums_mean(to->mean_memory_bytes, calls, m->mean_memory_bytes, more);
	to->peak_memory_bytes = fmax(to->peak_memory_bytes, m->peak_memory_bytes);
	to->min_memory_bytes = fmin(to->min_memory_bytes, m->min_memory_bytes);
	add_times(&to->forward_pass, &m->forward_pass);
	add_times(&to->generation, &m->generation);
}
