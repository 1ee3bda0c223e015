// SPDX-License-Identifier: MIT
/* marks.c - the marks besides named sections: caches, and a model's calls, which are sections of reserved names. */
#include "cache_event.h"
#include "threads/leader.h"
#include "name_table.h"

static uint16_t register_name(const char *name, uint8_t kind)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

	return elsewhere ? elsewhere->name(name, kind) : dcbs_name_table_register(name, kind);
}

/* Seconds -> ns. Anything that is no time counts as 0; the largest value is 292 years. */
static uint64_t seconds_to_ns(double seconds)
{
	if (!(seconds > 0))
		return 0;
	return seconds < 9.2e9 ? (uint64_t)(seconds * 1e9 + 0.5) : 9200000000000000000ULL;
}

/* A cache is a name. Its handle is the name's number, so that it means the same to every copy of the library. */
static dcbs_id cache_id(const dcbs_cache *cache)
{
	return cache ? (dcbs_id)(uintptr_t)cache : DCBS_NAME_OTHER;
}

EXPORT dcbs_cache *dcbs_cache_name(const char *name)
{
	return (dcbs_cache *)(uintptr_t)register_name(name, DCBS_NAME_CACHE);
}

EXPORT void dcbs_record_hit(dcbs_cache *cache, double access_time)
{
	dcbs_cache_event_put(cache_id(cache), DCBS_EVENT_CACHE_HIT, seconds_to_ns(access_time));
}

EXPORT void dcbs_record_miss(dcbs_cache *cache, double computation_time)
{
	dcbs_cache_event_put(cache_id(cache), DCBS_EVENT_CACHE_MISS, seconds_to_ns(computation_time));
}

EXPORT void dcbs_record_size(dcbs_cache *cache, uint64_t size_bytes)
{
	dcbs_cache_event_put(cache_id(cache), DCBS_EVENT_CACHE_SIZE, size_bytes);
}

static dcbs_token begin_reserved(dcbs_id *id, const char *name, uint8_t kind)
{
	dcbs_id n = __atomic_load_n(id, __ATOMIC_RELAXED);

	if (unlikely(!n)) {
		n = register_name(name, kind);
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
