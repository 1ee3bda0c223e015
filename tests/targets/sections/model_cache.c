// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * model_cache.c - a model's forward passes and generations, caches, items and failed sections.
 *
 *     model_cache [--questions N]
 *
 * A question is one "question" section (items: its tokens) with one generation of 1 to 32 tokens and a forward pass for
 * each token; every 7th question fails. Caches record invented times, so that a profiler's times can be compared exactly:
 * "caches": {name: {"hits": times, "misses": times, "sizes": {"current_bytes", "max_bytes", "total_bytes", "count"}}},
 * times as in truth.h.
 */
#include "dcbs/markers.h"
#include "truth.h"

#define FAILS_EVERY 7

enum { QUESTION, FORWARD, GENERATION, SECTIONS };

static struct truth truths[SECTIONS] = {
	[QUESTION] = {.name = "question"},
	[FORWARD] = {.name = "forward_pass"},
	[GENERATION] = {.name = "generation"},
};
static uint64_t chance = 3;

struct cache {
	const char *name;
	dcbs_cache *cache;
	struct truth_times hits, misses;
	uint64_t sizes, current_bytes, max_bytes, total_bytes;
};

static struct cache caches[] = {{.name = "embeddings"}, {.name = "clusters"}, {.name = "never-hit"}};

#define CACHES (sizeof(caches) / sizeof(*caches))

/* A whole number of ns is exact after the conversion to seconds and back. */
static void look_up(struct cache *c, bool hit)
{
	uint64_t ns = hit ? 100 + truth_random(&chance) % 5000 : 50000 + truth_random(&chance) % 2000000;
	uint64_t size = 4096 * (1 + truth_random(&chance) % 1000);

	if (hit) {
		dcbs_record_hit(c->cache, (double)ns * 1e-9);
		truth_times_add(&c->hits, ns);
		return;
	}
	dcbs_record_miss(c->cache, (double)ns * 1e-9);
	truth_times_add(&c->misses, ns);
	dcbs_record_size(c->cache, size);
	c->sizes++;
	c->current_bytes = size;
	c->total_bytes += size;
	if (size > c->max_bytes)
		c->max_bytes = size;
}

static void look_up_all(void)
{
	size_t i;

	for (i = 0; i < CACHES; i++)
		look_up(&caches[i], i < 2 && truth_random(&chance) % 4);
}

static void forward_pass(void)
{
	uint64_t before = truth_now_ns(), begun, ending;
	dcbs_token token = dcbs_forward_pass_begin();

	begun = truth_now_ns();
	truth_spin_ns(2000 + truth_random(&chance) % 30000);
	ending = truth_now_ns();
	dcbs_forward_pass_end(token);
	truth_add(&truths[FORWARD], before, begun, ending, truth_now_ns());
}

static uint32_t generation(void)
{
	uint32_t tokens = 1 + truth_random(&chance) % 32, i;
	uint64_t before = truth_now_ns(), begun, ending;
	dcbs_token token = dcbs_generation_begin();

	begun = truth_now_ns();
	for (i = 0; i < tokens; i++)
		forward_pass();
	ending = truth_now_ns();
	dcbs_generation_end(token, tokens);
	truth_add(&truths[GENERATION], before, begun, ending, truth_now_ns());
	truths[GENERATION].items += tokens;
	return tokens;
}

static void question(uint64_t number, dcbs_id id)
{
	uint64_t before = truth_now_ns(), begun, ending;
	dcbs_token token = dcbs_section_begin(id);
	bool fails = number % FAILS_EVERY == 0;
	uint32_t tokens;

	begun = truth_now_ns();
	look_up_all();
	tokens = generation();
	dcbs_section_items(token, tokens);
	ending = truth_now_ns();
	if (fails)
		dcbs_section_fail(token);
	else
		dcbs_section_end(token);
	truth_add(&truths[QUESTION], before, begun, ending, truth_now_ns());
	truths[QUESTION].items += tokens;
	truths[QUESTION].errors += fails;
}

static void print_times(const char *key, struct truth_times *t)
{
	printf("\"%s\":{\"count\":%" PRIu64 "%s", key, t->count, t->count ? "," : "");
	if (t->count)
		truth_print_times(t);
	printf("},");
}

static void print_caches(void)
{
	size_t i;

	printf(",\"caches\":{");
	for (i = 0; i < CACHES; i++) {
		struct cache *c = &caches[i];

		printf("%s\"%s\":{", i ? "," : "", c->name);
		print_times("hits", &c->hits);
		print_times("misses", &c->misses);
		printf("\"sizes\":{\"count\":%" PRIu64 ",\"current_bytes\":%" PRIu64, c->sizes, c->current_bytes);
		truth_number("max_bytes", c->max_bytes);
		truth_number("total_bytes", c->total_bytes);
		printf("}}");
	}
	printf("}");
}

int main(int argc, char **argv)
{
	dcbs_id id = dcbs_section_name("question");
	uint64_t questions = 200, i;
	const struct truth_option options[] = {{.name = "--questions", .number = &questions}, {0}};

	truth_options(argc, argv, options);
	for (i = 0; i < CACHES; i++)
		caches[i].cache = dcbs_cache_name(caches[i].name);
	truth_gate();
	for (i = 0; i < questions; i++)
		question(i, id);
	truth_open();
	truth_sections(truths, SECTIONS);
	print_caches();
	truth_close();
	return 0;
}
