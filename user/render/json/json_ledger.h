/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json_ledger.h - the ledgers in the document, written and read by the same tables of keys. */
#ifndef RENDER_JSON_JSON_LEDGER_H
#define RENDER_JSON_JSON_LEDGER_H

#include "dcbs/profiler.h"
#include "render/json/json_get.h"

/* The keys of a struct dcbs_spread, which differ in their unit. */
struct json_spread_keys {
	const char *p50, *p90, *p99, *max;
};

extern const struct json_spread_keys json_ledger_growth_keys, json_ledger_faults_keys;

/* The parts of disk_s and other_s are an object of their own, so that the members of the wall object add up. */
json_t *json_ledger_wall(const struct dcbs_wall *wall);
json_t *json_ledger_parts(const struct dcbs_wall *wall);
json_t *json_ledger_gpu(const struct dcbs_section *s);	/* these two: null if it is unknown */
json_t *json_ledger_gpu_whole(const struct dcbs_report *r);
json_t *json_ledger_memory(const struct dcbs_memory *memory);
json_t *json_ledger_spread(const struct dcbs_spread *spread, const struct json_spread_keys *keys);
json_t *json_ledger_thread(const struct dcbs_thread *thread);

/* The key of a cause in `wall`, by the place of its field in struct dcbs_wall. NULL: it is not in there. */
const char *json_ledger_wall_key(size_t field);

void json_ledger_read_wall(struct json_get *r, const json_t *wall, const json_t *parts, struct dcbs_wall *to);
void json_ledger_read_gpu(struct json_get *r, const json_t *o, struct dcbs_section *to);
void json_ledger_read_gpu_whole(struct json_get *r, const json_t *doc, struct dcbs_report *to);
void json_ledger_read_memory(struct json_get *r, const json_t *o, struct dcbs_memory *to);
void json_ledger_read_spread(struct json_get *r, const json_t *o, struct dcbs_spread *to,
			     const struct json_spread_keys *keys);
void json_ledger_read_thread(struct json_get *r, const json_t *o, struct dcbs_thread *to);

json_t *json_ledger_outside(const struct dcbs_outside *outside);
void json_ledger_read_outside(struct json_get *r, const json_t *doc, struct dcbs_report *to);

json_t *json_ledger_neighbour(const struct dcbs_neighbour *n);
void json_ledger_read_neighbours(struct json_get *r, const json_t *doc, struct dcbs_report *to);

#endif
