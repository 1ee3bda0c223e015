// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * metrics_memory.c - counters that never fall.
 *
 * A figure of the report may become smaller: computing is the rest of the time when all waits are known, and estimates are made
 * anew. A scraper takes a counter that falls for one that began at 0 again, and adds all of it. So the memory has the largest
 * value of each counter so far, by a hash of its name and labels.
 */
#include <stdlib.h>

#include "render/export/metrics.h"
#include "render/format.h"

#define SLOTS 32768		/* a power of two. 544 sections with all their counters take half of it */
#define MOST_USED (SLOTS * 3 / 4)
#define HASH_BASIS 0xcbf29ce484222325ULL	/* of FNV-1a, 64 bits */
#define HASH_PRIME 0x100000001b3ULL

struct counter {
	uint64_t hash;		/* 0: unused */
	double value;
};

struct metrics_memory {
	struct metric_sink sink, *next;
	const struct metric_family *family;
	struct counter *counters;
	size_t used;
};

/* ---- values ---- */

/* The zero byte counts, too, so that no two lists of words are alike. */
static uint64_t hash_word(uint64_t hash, const char *word)
{
	do
		hash = (hash ^ (unsigned char)*word) * HASH_PRIME;
	while (*word++);
	return hash;
}

static uint64_t hash_of(const struct metric_family *family, const struct metric_label *labels, size_t nr)
{
	uint64_t hash = hash_word(HASH_BASIS, family->name);
	size_t i;

	for (i = 0; i < nr; i++)
		hash = hash_word(hash_word(hash, labels[i].name), labels[i].value);
	return hash ? hash : 1;
}

/* Returns NULL if there is no room: the counter is then as the report has it. */
static struct counter *find_counter(struct metrics_memory *m, uint64_t hash)
{
	size_t i = hash % SLOTS;

	while (m->counters[i].hash && m->counters[i].hash != hash)
		i = (i + 1) % SLOTS;
	if (m->counters[i].hash)
		return &m->counters[i];
	if (m->used == MOST_USED)
		return NULL;
	m->used++;
	m->counters[i].hash = hash;
	return &m->counters[i];
}

static double raised(struct metrics_memory *m, const struct metric_label *labels, size_t nr, double value)
{
	struct counter *counter = find_counter(m, hash_of(m->family, labels, nr));

	if (!counter)
		return value;
	if (value > counter->value)
		counter->value = value;
	return counter->value;
}

/* ---- the sink ---- */

static void begin_family(struct metric_sink *sink, const struct metric_family *family)
{
	struct metrics_memory *m = (struct metrics_memory *)sink;

	m->family = family;
	m->next->family(m->next, family);
}

static void pass_value(struct metric_sink *sink, const struct metric_label *labels, size_t nr, double value)
{
	struct metrics_memory *m = (struct metrics_memory *)sink;

	m->next->value(m->next, labels, nr, m->family->type == METRIC_COUNTER ? raised(m, labels, nr, value) : value);
}

/* The kernel only adds to the buckets. */
static void pass_histogram(struct metric_sink *sink, const struct metric_label *labels, size_t nr,
			   const struct metric_histogram *h)
{
	struct metrics_memory *m = (struct metrics_memory *)sink;

	m->next->histogram(m->next, labels, nr, h);
}

static void end_family(struct metric_sink *sink)
{
	struct metrics_memory *m = (struct metrics_memory *)sink;

	m->next->end(m->next);
}

struct metric_sink *metrics_memory_before(struct metrics_memory *memory, struct metric_sink *sink)
{
	memory->next = sink;
	return &memory->sink;
}

/* ---- for scrapers ---- */

struct metrics_memory *metrics_memory_new(void)
{
	struct metrics_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->sink = (struct metric_sink) {begin_family, pass_value, pass_histogram, end_family};
	m->counters = calloc(SLOTS, sizeof(*m->counters));
	if (m->counters)
		return m;
	free(m);
	return NULL;
}

void metrics_memory_free(struct metrics_memory *memory)
{
	if (memory)
		free(memory->counters);
	free(memory);
}
