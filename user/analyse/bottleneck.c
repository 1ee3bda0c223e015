// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* bottleneck.c - sections and caches over the threshold, with the figures that show it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/bottleneck.h"
#include "units.h"

#define LOW_HIT_RATE 0.5

/*
 * Time that a cache's misses took, at least, if a miss is on average no faster than a hit: hits and misses are
 * timed together.
 */
static double misses_time_s(const struct dcbs_cache_summary *c)
{
	return c->total_accesses > 0 ? c->mean_s * c->misses : 0;
}

static bool is_costly(const struct dcbs_cache_summary *c, double threshold_s)
{
	return c->hit_rate < LOW_HIT_RATE && misses_time_s(c) >= threshold_s;
}

static char *section_evidence(const struct dcbs_section *s)
{
	bool ended = s->count > 0 || s->open_at_start > 0;
	int64_t n = s->count > 0 ? s->count : ended ? s->open_at_start : s->open;
	const char *calls = n == 1 ? "call" : "calls";
	char *text;
	int len;

	if (s->count > 0)
		len = asprintf(&text, "%s %s, mean %s, p99 %s", units_exact(n).text, calls,
			       units_time(s->mean_s).text, units_time(s->p99_s).text);
	else
		len = asprintf(&text, "%s %s %s", units_exact(n).text, calls,
			       ended ? "that began before the window" : "still open");
	return len < 0 ? NULL : text;
}

static int from_section(struct dcbs_bottleneck *b, const struct dcbs_section *s, double duration_s)
{
	*b = (struct dcbs_bottleneck) {
		.section = strdup(s->name), .total_s = s->total_s, .share = s->total_s / duration_s,
		.cause = DCBS_CAUSE_UNKNOWN, .evidence = section_evidence(s),
	};
	return b->section && b->evidence ? 0 : -ENOMEM;
}

static int from_cache(struct dcbs_bottleneck *b, const struct dcbs_cache_summary *c, double duration_s)
{
	double time_s = misses_time_s(c);

	*b = (struct dcbs_bottleneck) {
		.section = strdup(c->name), .total_s = time_s, .share = time_s / duration_s, .cause = DCBS_CAUSE_CACHE,
	};
	if (asprintf(&b->evidence, "cache: %s of %s accesses missed (hit rate %s) and took at least this time",
		     units_exact(c->misses).text, units_exact(c->total_accesses).text, units_share(c->hit_rate).text) < 0)
		b->evidence = NULL;
	b->suggestion = strdup("let the cache hold more, or look up by a key that occurs again");
	return b->section && b->evidence && b->suggestion ? 0 : -ENOMEM;
}

static int larger_first(const void *a, const void *b)
{
	const struct dcbs_bottleneck *x = a, *y = b;

	if (x->total_s != y->total_s)
		return x->total_s < y->total_s ? 1 : -1;
	return strcmp(x->section, y->section);
}

void bottleneck_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_bottlenecks; i++) {
		free(r->bottlenecks[i].section);
		free(r->bottlenecks[i].evidence);
		free(r->bottlenecks[i].suggestion);
	}
	free(r->bottlenecks);
	r->bottlenecks = NULL;
	r->nr_bottlenecks = 0;
}

int bottleneck_find(struct dcbs_report *r, double threshold_s)
{
	double duration_s = r->duration_s > 0 ? r->duration_s : NAN;
	int err = 0;
	size_t i;

	bottleneck_free(r);
	r->threshold_s = threshold_s;
	r->bottlenecks = calloc(r->nr_sections + r->nr_caches + 1, sizeof(*r->bottlenecks));
	if (!r->bottlenecks)
		return -ENOMEM;
	for (i = 0; i < r->nr_sections && !err; i++)
		if (r->sections[i].total_s >= threshold_s && strcmp(r->sections[i].name, BOTTLENECK_OUTSIDE))
			err = from_section(&r->bottlenecks[r->nr_bottlenecks++], &r->sections[i], duration_s);
	for (i = 0; i < r->nr_caches && !err; i++)
		if (is_costly(&r->caches[i], threshold_s))
			err = from_cache(&r->bottlenecks[r->nr_bottlenecks++], &r->caches[i], duration_s);
	if (!err)
		qsort(r->bottlenecks, r->nr_bottlenecks, sizeof(*r->bottlenecks), larger_first);
	return err;
}
