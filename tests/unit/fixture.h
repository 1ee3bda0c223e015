/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* fixture.h - snapshots for the tests, filled the way the kernel side fills them. */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/snapshot.h"

#define MS 1000000ULL
#define SEC 1000000000ULL

static inline void fixture_count(struct row_stat *s, __u64 ns)
{
	if (ns)
		s->buckets[hist_place(ns)]++;
	else
		s->zero_count++;
	s->count++;
	s->sum_ns += ns;
	if (ns > s->max_ns)
		s->max_ns = ns;
	if (~ns > s->min_inv_ns)
		s->min_inv_ns = ~ns;
}

/* A call that ended: `own` of its ns outside other sections. */
static inline void fixture_call(struct snapshot_row *row, __u64 ns, __u64 own)
{
	fixture_count(&row->stat, ns);
	row->stat.total_ns += ns;
	row->stat.self_ns += own;
}

/* Reproducible, and as durations are: many short ones, a few up to 16 times as long. */
static inline __u64 fixture_spread(__u64 *state, __u64 ns)
{
	__u64 product;

	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	product = (*state >> 44) * (*state >> 24 & 0xfffff) >> 20;
	product = product * product >> 20;
	return ns + (15 * ns * product >> 20);
}

static inline struct snapshot *fixture_empty(void)
{
	struct snapshot *snap = calloc(1, sizeof(*snap));

	assert_non_null(snap);
	snap->start_ns = 100 * SEC;
	snap->end_ns = 162 * SEC + 400 * MS;
	snap->started_at = 1714533165.25;
	snap->ended_by = DCBS_ENDED_SIGNAL;
	snap->rss_start_bytes = snap->rss_end_bytes = snap->rss_peak_bytes = DCBS_UNKNOWN;
	snap->bpf_ns_per_flush = snap->bpf_ns_per_switch = snap->trap_ns = NAN;
	snap->targets = calloc(2, sizeof(*snap->targets));
	snap->rows = calloc(64, sizeof(*snap->rows));
	snap->notes = calloc(8, sizeof(*snap->notes));
	assert_true(snap->targets && snap->rows && snap->notes);
	return snap;
}

static inline struct snapshot_row *fixture_row(struct snapshot *snap, const char *name, __u32 kind)
{
	struct snapshot_row *row = calloc(1, sizeof(*row));

	assert_non_null(row);
	assert_true(snap->nr_rows < 64);
	memcpy(row->name, name, strnlen(name, sizeof(row->name)));
	row->kind = row->stat.kind = kind;
	snap->rows[snap->nr_rows++] = row;
	return row;
}

static inline void fixture_target(struct snapshot *snap, pid_t pid, const char *comm, const char *command)
{
	struct snapshot_target *t = &snap->targets[snap->nr_targets++];

	t->pid = pid;
	t->started_at = 1714533100.5;
	t->markers = true;
	snprintf(t->comm, sizeof(t->comm), "%s", comm);
	snprintf(t->command, sizeof(t->command), "%s", command);
}

static inline void fixture_note(struct snapshot *snap, const char *note)
{
	snap->notes[snap->nr_notes] = strdup(note);
	assert_non_null(snap->notes[snap->nr_notes++]);
}

static inline void fixture_free(struct snapshot *snap)
{
	snapshot_free(snap);
}

static inline void fixture_questions(struct snapshot *snap)
{
	struct snapshot_row *question = fixture_row(snap, "answer_question", DCBS_NAME_SECTION);
	struct snapshot_row *forward = fixture_row(snap, "forward_pass", DCBS_NAME_FORWARD);
	struct snapshot_row *cluster = fixture_row(snap, "cluster_token_embeddings", DCBS_NAME_SECTION);
	struct snapshot_row *sample = fixture_row(snap, "sample", DCBS_NAME_SECTION);
	__u64 state = 1, f, c, s;
	int i;

	for (i = 0; i < 412; i++) {
		f = fixture_spread(&state, 24 * MS);
		c = fixture_spread(&state, 11 * MS);
		s = fixture_spread(&state, 21000);
		fixture_call(forward, f, f);
		fixture_call(cluster, c, c);
		fixture_call(sample, s, s);
		fixture_call(question, f + c + s + 310000, 310000);
		forward->stat.rss_samples++;
		forward->stat.rss_sum += (800 + i) * 1048576ULL;
	}
	forward->stat.rss_max = 1211 * 1048576ULL;
	forward->stat.rss_min_inv = ~(800 * 1048576ULL);
	question->stat.items = 412;
	question->stat.errors = 3;
	question->open = 1;
}

static inline void fixture_caches(struct snapshot *snap)
{
	struct snapshot_row *embeddings = fixture_row(snap, "embeddings", DCBS_NAME_CACHE);
	struct snapshot_row *clusters = fixture_row(snap, "clusters", DCBS_NAME_CACHE);
	__u64 state = 2;
	int i;

	for (i = 0; i < 12345; i++) {
		fixture_count(&embeddings->stat, fixture_spread(&state, i % 5 ? 700 : 90000));
		embeddings->stat.hits += i % 5 != 0;
	}
	for (i = 0; i < 412; i++) {
		fixture_count(&clusters->stat, fixture_spread(&state, i % 4 ? 9 * MS : 900));
		clusters->stat.hits += i % 4 == 0;
	}
	embeddings->stat.sizes = 3;
	embeddings->stat.size_sum = 300 << 20;
	embeddings->stat.size_max = embeddings->stat.size_last = 150 << 20;
}

/* A minute of an evaluation with most of what can be in one. */
static inline struct snapshot *fixture_evaluation(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_row *row;

	fixture_target(snap, 4242, "python3", "/usr/bin/python3 evaluate.py --model tiny --questions 5000 --category-based-sampling");
	fixture_questions(snap);
	fixture_caches(snap);
	row = fixture_row(snap, "load model", DCBS_NAME_SECTION);
	row->stat.unstarted = 1;
	row->stat.total_ns = 2300 * MS;
	row->stat.self_ns = 2300 * MS;
	row = fixture_row(snap, "generation", DCBS_NAME_GENERATION);
	fixture_call(row, 1900 * MS, 1900 * MS);
	fixture_call(row, 2100 * MS, 2100 * MS);
	row->stat.items = 512;
	row = fixture_row(snap, "evaluation", DCBS_NAME_SECTION);
	row->open = 1;
	row->stat.total_ns = 62400 * MS;
	row->stat.self_ns = 11 * SEC;
	fixture_row(snap, "never called", DCBS_NAME_SECTION);
	snap->rss_start_bytes = 812LL << 20;
	snap->rss_end_bytes = 1200LL << 20;
	snap->rss_peak_bytes = 1250LL << 20;
	snap->trap_ns = 480;
	snap->bpf_ns_per_flush = 1310;
	snap->bpf_ns_per_switch = 240;
	snap->counters.flushes = 1240;
	snap->counters.switches = 9800;
	snap->counters.events = 14405;
	return snap;
}

#endif
