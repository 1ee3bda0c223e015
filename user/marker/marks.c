// SPDX-License-Identifier: MIT
/* marks.c - what is marked besides sections: a model's calls, which are sections of reserved names, and caches. */
#include "ring.h"

void dcbs_cache_event(dcbs_id name, uint8_t kind, uint64_t value)
{
	struct dcbs_event e = {.value_ns = value, .name = name, .kind = kind};
	struct dcbs_record *r = dcbs_record;
	const struct dcbs_calls *elsewhere = NULL;

	if (likely(!attached() && r))
		return;
	if (!r)
		r = first_section(&elsewhere);
	if (elsewhere) {
		elsewhere->cache(name, kind, value);
		return;
	}
	if (!r || !attached())
		return;
	e.end_ns = now_ns();
	ring_put(r, &e);
	hand_over_if_due(r, e.end_ns);
}

/* Seconds -> ns; what is no time at all counts as 0, more than 292 years as that. */
static uint64_t to_ns(double seconds)
{
	if (!(seconds > 0))
		return 0;
	return seconds < 9.2e9 ? (uint64_t)(seconds * 1e9 + 0.5) : 9200000000000000000ULL;
}

/* A cache is a name; the handle is its number, so that it means the same to every copy of the library. */
static dcbs_id cache_id(const dcbs_cache *cache)
{
	return cache ? (dcbs_id)(uintptr_t)cache : DCBS_NAME_OTHER;
}

EXPORT dcbs_cache *dcbs_cache_name(const char *name)
{
	return (dcbs_cache *)(uintptr_t)dcbs_leader()->name(name, DCBS_NAME_CACHE);
}

EXPORT void dcbs_record_hit(dcbs_cache *cache, double access_time)
{
	dcbs_cache_event(cache_id(cache), DCBS_EVENT_CACHE_HIT, to_ns(access_time));
}

EXPORT void dcbs_record_miss(dcbs_cache *cache, double computation_time)
{
	dcbs_cache_event(cache_id(cache), DCBS_EVENT_CACHE_MISS, to_ns(computation_time));
}

EXPORT void dcbs_record_size(dcbs_cache *cache, uint64_t size_bytes)
{
	dcbs_cache_event(cache_id(cache), DCBS_EVENT_CACHE_SIZE, size_bytes);
}

static dcbs_token begin_reserved(dcbs_id *id, const char *name, uint8_t kind)
{
	dcbs_id n = __atomic_load_n(id, __ATOMIC_RELAXED);

	if (unlikely(!n)) {
		n = dcbs_leader()->name(name, kind);
		__atomic_store_n(id, n, __ATOMIC_RELAXED);
	}
	return dcbs_section_begin(n);
}

EXPORT dcbs_token dcbs_forward_pass_begin(void)
{
	static dcbs_id id;

	return begin_reserved(&id, "forward_pass", DCBS_NAME_FORWARD);
}

EXPORT void dcbs_forward_pass_end(dcbs_token token)
{
	dcbs_section_end(token);
}

EXPORT dcbs_token dcbs_generation_begin(void)
{
	static dcbs_id id;

	return begin_reserved(&id, "generation", DCBS_NAME_GENERATION);
}

EXPORT void dcbs_generation_end(dcbs_token token, uint64_t tokens)
{
	if (tokens)
		dcbs_section_items(token, tokens);
	dcbs_section_end(token);
}
