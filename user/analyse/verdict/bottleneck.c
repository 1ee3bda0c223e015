// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* bottleneck.c - finds the sections and caches over the threshold and explains each. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/gpu_times.h"
#include "analyse/stacks/parents.h"
#include "analyse/sums/ledger.h"
#include "analyse/verdict/bottleneck.h"
#include "analyse/verdict/evidence.h"
#include "analyse/verdict/rules.h"
#include "base/human.h"

#define LOW_HIT_RATE 0.5
#define ACTIVE_SHARE 0.01	/* of a thread's time; a thread that is active for less is not judged */
#define CHAIN_SELF_SHARE 0.1	/* of a section's time; one with less of its own is judged by the sections inside it ... */
#define CHAIN_INSIDE_SHARE 0.5	/* ... if those have at least this share of its time */
#define STARVED_SHARE 0.5	/* of the window */
#define CLEAR_SHARE 0.5		/* of the judged time outside of sections, that one cause must take */

/* The most that can be found: a section's time and its leaks, each cache, and the wait for worker processes. */
static size_t room_for(const struct dcbs_report *r)
{
	return 1 + 3 * r->nr_sections + r->nr_caches;
}

static struct dcbs_bottleneck *next_bottleneck(struct dcbs_report *r)
{
	assert(r->nr_bottlenecks < room_for(r));
	return &r->bottlenecks[r->nr_bottlenecks++];
}

/* ---- sections ---- */

static int add_verdict(struct dcbs_report *r, const struct subject *s, const struct rule *rule)
{
	struct dcbs_bottleneck *b = next_bottleneck(r);
	struct hot_code hot = hot_code_find(s, rule);
	const char *advice = hot.rule ? hot.rule->advice : rule->advice;

	*b = (struct dcbs_bottleneck) {
		.section = strdup(s->section->name), .total_s = s->total_s,
		.share = r->duration_s > 0 ? s->total_s / r->duration_s : NAN,
		.cause = hot.rule && hot.rule->cause != DCBS_CAUSE_UNKNOWN ? hot.rule->cause : rule->cause,
		.evidence = evidence_line(s, rule, rules_second(s, rule), &hot),
		.suggestion = advice ? strdup(advice) : NULL,
	};
	return b->section && b->evidence && (b->suggestion || !advice) ? 0 : -ENOMEM;
}

/*
 * CPU time of threads that had no section. Of threads that have ended it is not known which had one, so they count as far as
 * there was running time outside of sections.
 */
static double others_cpu_s(const struct dcbs_report *r)
{
	const struct dcbs_section *last = r->nr_sections ? &r->sections[r->nr_sections - 1] : NULL;
	double cpu_s = 0;
	size_t i;

	for (i = 0; i < r->nr_threads; i++)
		if ((!r->threads[i].sections || !r->threads[i].tid) && r->threads[i].wall.cpu_s > 0)
			cpu_s += r->threads[i].wall.cpu_s - r->threads[i].wall.worker_cpu_s;
	return last && subject_is_outside(last) ? fmin(cpu_s, last->wall.cpu_s) : cpu_s;
}

/*
 * Returns true if other sections, inside this one by all that is known, have its time and are judged themselves: there is one
 * verdict for a chain of sections, on the innermost one.
 */
static bool is_judged_inside(const struct dcbs_report *r, const struct dcbs_section *section, double threshold_s)
{
	double inside_s = 0;
	size_t i;

	if (!(section->self_s < CHAIN_SELF_SHARE * section->total_s))
		return false;
	for (i = 0; i < r->nr_sections; i++) {
		const struct dcbs_section *s = &r->sections[i];

		if (s != section && !subject_is_outside(s) && s->total_s >= threshold_s && s->total_s <= section->total_s &&
		    parents_may_contain(r, section, s))
			inside_s += s->self_s;
	}
	return inside_s >= CHAIN_INSIDE_SHARE * section->total_s;
}

/*
 * A section can have verdicts on its time and on its leaks. Growth that takes the time is reported once. A leak of a GPU's memory is
 * reported however short the section is, as there is little of it.
 */
static int judge_section(struct dcbs_report *r, const struct dcbs_section *section, double threshold_s)
{
	const struct subject s = {
		.report = r, .section = section, .wall = section->wall, .total_s = section->total_s, .others_cpu_s = others_cpu_s(r),
	};
	bool judge_time = s.total_s >= threshold_s && !is_judged_inside(r, section, threshold_s);
	const struct rule *leak = rules_leak(&s), *time = judge_time ? rules_judge(&s) : NULL;
	bool leak_first = leak && rules_leak_first(&s);
	int err = 0;

	if (time && time->cause == DCBS_CAUSE_MEMORY_GROWTH)
		leak = NULL;
	if (leak && leak_first)
		err = add_verdict(r, &s, leak);
	if (time && !err)
		err = add_verdict(r, &s, time);
	if (leak && !leak_first && time && !err)
		err = add_verdict(r, &s, leak);
	if (rules_gpu_leak(&s) && !err)
		err = add_verdict(r, &s, rules_gpu_leak(&s));
	return err;
}

/* ---- outside of sections ---- */

/*
 * A target without sections is judged by all threads that were active, waits for others included. A main thread that only
 * waits for the other threads is left out, unless there is no active one.
 */
static struct subject whole_target(const struct dcbs_report *r, const struct dcbs_section *outside)
{
	struct subject s = {.report = r, .section = outside};
	const struct dcbs_thread *t;
	size_t i;

	for (i = 0; i < r->nr_threads; i++) {
		t = &r->threads[i];
		if (t->idle || ledger_active_s(&t->wall) < ACTIVE_SHARE * t->wall_s)
			continue;
		ledger_add_wall(&s.wall, &t->wall);
		s.total_s += t->wall_s;
	}
	gpu_times_move(&s.wall, &outside->gpu);
	if (s.total_s > 0)
		return s;
	s.wall = outside->wall;
	s.total_s = outside->total_s;
	return s;
}

/*
 * In a target with sections only the active time outside of them is judged. Waiting there is normal: a server waits for
 * requests, a main thread for its workers.
 */
static struct subject work_outside(const struct dcbs_report *r, const struct dcbs_section *outside)
{
	struct subject s = {
		.report = r, .section = outside, .total_s = ledger_active_s(&outside->wall),
		.scope = "waiting for others is not counted",
	};

	s.wall.cpu_s = outside->wall.cpu_s;
	s.wall.runqueue_s = outside->wall.runqueue_s;
	s.wall.throttled_s = outside->wall.throttled_s;
	s.wall.steal_s = outside->wall.steal_s;
	s.wall.gil_s = outside->wall.gil_s;
	s.wall.disk_s = outside->wall.disk_s;
	s.wall.sync_s = outside->wall.sync_s;
	s.wall.fault_s = outside->wall.fault_s;
	return s;
}

/* Outside of sections one cause must exceed the threshold and take most of the time: many small causes are no bottleneck. */
static bool is_clear(const struct subject *s, const struct rule *rule, double threshold_s)
{
	double part_s = rule->part ? rule->part(s) : s->wall.cpu_s;

	return rule->cause != DCBS_CAUSE_UNKNOWN && part_s >= threshold_s && part_s >= CLEAR_SHARE * s->total_s;
}

/* A main thread that mostly waits for worker processes has nothing else to do: the workers are too slow. */
static int judge_worker_wait(struct dcbs_report *r, const struct dcbs_section *outside, double threshold_s)
{
	double wait_s = hot_code_worker_wait_s(r);
	const struct subject s = {
		.report = r, .section = outside, .wall = {.other_s = wait_s}, .total_s = wait_s, .scope = "the wait of the main thread",
	};

	if (wait_s < threshold_s || wait_s < STARVED_SHARE * r->duration_s)
		return 0;
	return add_verdict(r, &s, rules_worker_wait());
}

static int judge_outside(struct dcbs_report *r, const struct dcbs_section *outside, double threshold_s)
{
	bool alone = r->nr_sections == 1;
	int err = judge_worker_wait(r, outside, threshold_s);
	const struct subject s = alone ? whole_target(r, outside) : work_outside(r, outside);
	const struct rule *rule = rules_judge(&s);

	if (err)
		return err;
	if (s.total_s >= threshold_s && (alone || is_clear(&s, rule, threshold_s)))
		return add_verdict(r, &s, rule);
	return 0;
}

/* ---- caches ---- */

/* The least time that the misses took, if a miss is on average no faster than a hit: both are timed together. */
static double misses_time_s(const struct dcbs_cache_summary *c)
{
	return c->total_accesses > 0 ? c->mean_s * c->misses : 0;
}

static bool is_costly(const struct dcbs_cache_summary *c, double threshold_s)
{
	return c->hit_rate < LOW_HIT_RATE && misses_time_s(c) >= threshold_s;
}

static char *cache_evidence(const struct dcbs_cache_summary *c)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	fprintf(to, "cache: %s of %s accesses missed (hit rate %s) and took at least this time",
		human_exact(c->misses).text, human_exact(c->total_accesses).text, human_share(c->hit_rate).text);
	if (!isnan(c->current_size_bytes))
		fprintf(to, "; it holds %s, at most %s", human_size(c->current_size_bytes).text,
			human_size(c->max_size_bytes).text);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

static int add_cache(struct dcbs_report *r, const struct dcbs_cache_summary *c)
{
	struct dcbs_bottleneck *b = next_bottleneck(r);
	double time_s = misses_time_s(c);

	*b = (struct dcbs_bottleneck) {
		.section = strdup(c->name), .total_s = time_s, .share = r->duration_s > 0 ? time_s / r->duration_s : NAN,
		.cause = DCBS_CAUSE_CACHE, .evidence = cache_evidence(c),
		.suggestion = strdup("let the cache hold more, or look up by a key that occurs again"),
	};
	return b->section && b->evidence && b->suggestion ? 0 : -ENOMEM;
}

/* Largest first. The sort is stable: the two verdicts of a section have the same time and keep their order. */
static void sort_bottlenecks(struct dcbs_bottleneck *b, size_t nr)
{
	struct dcbs_bottleneck moved;
	size_t i, at;

	for (i = 1; i < nr; i++) {
		moved = b[i];
		for (at = i; at && b[at - 1].total_s < moved.total_s; at--)
			b[at] = b[at - 1];
		b[at] = moved;
	}
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
	const struct dcbs_section *section;
	int err = 0;
	size_t i;

	bottleneck_free(r);
	r->threshold_s = threshold_s;
	r->bottlenecks = calloc(room_for(r) + 1, sizeof(*r->bottlenecks));
	if (!r->bottlenecks)
		return -ENOMEM;
	for (i = 0; i < r->nr_sections && !err; i++) {
		section = &r->sections[i];
		err = subject_is_outside(section) ? judge_outside(r, section, threshold_s) : judge_section(r, section, threshold_s);
	}
	for (i = 0; i < r->nr_caches && !err; i++)
		if (is_costly(&r->caches[i], threshold_s))
			err = add_cache(r, &r->caches[i]);
	if (!err)
		sort_bottlenecks(r->bottlenecks, r->nr_bottlenecks);
	return err;
}
