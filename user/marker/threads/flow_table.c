// SPDX-License-Identifier: MIT
/*
 * flow_table.c - see flow_table.h.
 *
 * The table is a hash table with linear probing. At most a third of its places are used, so that a search that gives up
 * after DCBS_FLOW_PROBES places, as that of the BPF programs, finds every flow but one in a million. A program that
 * interrupts the thread in the middle of a change finds an older state, or takes the flow for the first one.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "ring.h"
#include "threads/flow_table.h"

#define FIRST_BITS 8	/* a page of memory */

static struct dcbs_flow *places_of(uint64_t table)
{
	return (struct dcbs_flow *)(uintptr_t)(table & ~DCBS_FLOW_BITS);
}

static size_t table_bytes(unsigned int bits)
{
	return sizeof(struct dcbs_flow) << bits;
}

static void *map_memory(size_t bytes)
{
	int saved = errno;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = saved;
	return memory == MAP_FAILED ? NULL : memory;
}

static struct dcbs_flow *find_place(uint64_t table, uint64_t id)
{
	struct dcbs_flow *places = places_of(table);
	uint32_t bits = dcbs_flow_bits(table), mask = (1u << bits) - 1, i = dcbs_flow_place(id, bits);

	while (places[i].id && places[i].id != id)
		i = (i + 1) & mask;
	return &places[i];
}

struct dcbs_flow *dcbs_flow_find(const struct dcbs_record *r, uint64_t id)
{
	return r->flow_table ? find_place(r->flow_table, id) : NULL;
}

/* Doubles the table, or makes the first one. */
static cold int grow_table(struct dcbs_record *r)
{
	uint64_t old = r->flow_table, table;
	unsigned int bits = old ? dcbs_flow_bits(old) + 1 : FIRST_BITS;
	struct dcbs_flow *places = map_memory(table_bytes(bits));
	size_t i;

	if (!places)
		return -ENOMEM;
	table = (uint64_t)(uintptr_t)places | bits;
	for (i = 0; old && i < 1ULL << dcbs_flow_bits(old); i++)
		if (places_of(old)[i].id)
			*find_place(table, places_of(old)[i].id) = places_of(old)[i];
	publish();
	r->flow_table = table;
	publish();
	if (old)
		munmap(places_of(old), table_bytes(dcbs_flow_bits(old)));
	return 0;
}

struct dcbs_flow *dcbs_flow_get(struct dcbs_record *r, uint64_t id)
{
	struct dcbs_flow *flow = dcbs_flow_find(r, id);

	if (flow && flow->id)
		return flow;
	if (!flow || (r->flows + 1) * 3ULL > 1ULL << dcbs_flow_bits(r->flow_table)) {
		if (grow_table(r))
			return NULL;
		flow = dcbs_flow_find(r, id);
	}
	flow->innermost = 0;
	publish();
	flow->id = id;
	r->flows++;
	return flow;
}

/* Moves the flows behind the place forward, so that no search ends too early at the place that becomes free. */
void dcbs_flow_remove(struct dcbs_record *r, struct dcbs_flow *flow)
{
	struct dcbs_flow *places = places_of(r->flow_table);
	uint32_t bits = dcbs_flow_bits(r->flow_table), mask = (1u << bits) - 1, free = (uint32_t)(flow - places), i = free;

	for (i = (i + 1) & mask; places[i].id; i = (i + 1) & mask) {
		uint32_t first = dcbs_flow_place(places[i].id, bits);

		if (((i - first) & mask) < ((i - free) & mask))
			continue;
		places[free] = places[i];
		free = i;
	}
	places[free].id = 0;
	r->flows--;
}

static cold int map_chunk(struct dcbs_record *r)
{
	struct dcbs_flow_chunk *chunk;

	if (r->flow_nr_chunks >= DCBS_FLOW_CHUNKS)
		return -ENOSPC;
	chunk = map_memory(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunk->next = r->flow_chunks;
	r->flow_fresh = 0;
	r->flow_nr_chunks++;
	__atomic_store_n(&r->flow_chunks, (uint64_t)(uintptr_t)chunk, __ATOMIC_RELEASE);
	return 0;
}

struct dcbs_flow_slot *dcbs_flow_take_slot(struct dcbs_record *r)
{
	struct dcbs_flow_slot *s = (struct dcbs_flow_slot *)(uintptr_t)r->flow_free;

	if (s) {
		r->flow_free = s->below;
		return s;
	}
	if ((!r->flow_chunks || r->flow_fresh == DCBS_FLOW_SLOTS) && map_chunk(r))
		return NULL;
	s = &((struct dcbs_flow_chunk *)(uintptr_t)r->flow_chunks)->slots[r->flow_fresh++];
	s->record = (uint64_t)(uintptr_t)r;
	return s;
}

void dcbs_flow_free_slot(struct dcbs_record *r, struct dcbs_flow_slot *s)
{
	publish();
	s->slot.use = 0;
	s->below = r->flow_free;
	r->flow_free = (uint64_t)(uintptr_t)s;
}

void dcbs_flow_each_slot(struct dcbs_record *r, void (*visit)(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now),
			 uint64_t now)
{
	struct dcbs_flow_chunk *chunk = (struct dcbs_flow_chunk *)(uintptr_t)r->flow_chunks;
	size_t i;

	for (; chunk; chunk = (struct dcbs_flow_chunk *)(uintptr_t)chunk->next)
		for (i = 0; i < DCBS_FLOW_SLOTS; i++)
			if (chunk->slots[i].slot.use && !(chunk->slots[i].slot.use & DCBS_USE_ENDED))
				visit(r, &chunk->slots[i], now);
}
