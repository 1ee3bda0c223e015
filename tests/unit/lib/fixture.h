/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* fixture.h - snapshots for the tests, with counters as the kernel side would have counted them. */
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

#include "collect/facts.h"

#define MS 1000000ULL
#define SEC 1000000000ULL

static inline void fixture_count(struct section_stat *s, __u64 ns)
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

/* Adds a finished call, of which self_ns is self time. */
static inline void fixture_call(struct snapshot_section *facts, __u64 ns, __u64 self_ns)
{
	fixture_count(&facts->stat, ns);
	facts->stat.total_ns += ns;
	facts->stat.self_ns += self_ns;
}

/* A reproducible pseudo-random duration from `ns` to 16 * ns, distributed as real ones are: most are short. */
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
	snap->host = (struct snapshot_host){
		.name = "machine", .kernel = "6.1.0", .cpu = "CPU of a test", .cpus = 2, .cpu_limit = 1.5, .libbpf = "v1.1",
	};
	snap->start_ns = 100 * SEC;
	snap->end_ns = 162 * SEC + 400 * MS;
	snap->started_at = 1714533165.25;
	snap->ended_by = DCBS_ENDED_SIGNAL;
	snap->rss_start_bytes = snap->rss_end_bytes = snap->rss_peak_bytes = DCBS_UNKNOWN;
	snap->bpf_ns_per_flush = snap->bpf_ns_per_switch = snap->trap_ns = NAN;
	snap->ns_per_call = snap->probe_added_ns = NAN;
	snap->bpf_ns_per_waking = snap->bpf_ns_per_wakeup = snap->bpf_ns_per_rss_event = NAN;
	snap->targets = calloc(2, sizeof(*snap->targets));
	snap->sections = calloc(64, sizeof(*snap->sections));
	snap->notes = calloc(8, sizeof(*snap->notes));
	snap->threads = calloc(16, sizeof(*snap->threads));
	assert_true(snap->targets && snap->sections && snap->notes && snap->threads);
	return snap;
}

static inline struct snapshot_section *fixture_section(struct snapshot *snap, const char *name, __u32 kind)
{
	struct snapshot_section *facts = calloc(1, sizeof(*facts));

	assert_non_null(facts);
	assert_true(snap->nr_sections < 64);
	memcpy(facts->name, name, strnlen(name, sizeof(facts->name)));
	facts->kind = facts->stat.kind = kind;
	snap->sections[snap->nr_sections++] = facts;
	return facts;
}

static inline void fixture_target(struct snapshot *snap, pid_t pid, const char *comm, const char *command)
{
	struct snapshot_target *t = &snap->targets[snap->nr_targets++];

	t->pid = pid;
	t->started_at = 1714533100.5;
	t->markers = true;
	snprintf(t->comm, sizeof(t->comm), "%s", comm);
	t->command = strdup(command);
}

static inline void fixture_note(struct snapshot *snap, const char *note)
{
	snap->notes[snap->nr_notes] = strdup(note);
	assert_non_null(snap->notes[snap->nr_notes++]);
}

/* A thread of process 4242; tid 0: the threads that have ended. */
static inline struct snapshot_thread *fixture_thread(struct snapshot *snap, pid_t tid, const char *comm, __u64 wall_ns)
{
	struct snapshot_thread *t = &snap->threads[snap->nr_threads];

	assert_true(snap->nr_threads++ < 16);
	t->pid = 4242;
	t->tid = tid;
	snprintf(t->comm, sizeof(t->comm), "%s", comm);
	t->sum.threads = 1;
	t->sum.wall_ns = wall_ns;
	t->sum.cpu_ns = wall_ns;
	return t;
}

/* Adds a wait of the thread outside of sections. */
static inline void fixture_thread_off(struct snapshot_thread *t, enum cause cause, __u64 ns)
{
	t->sum.off_ns[cause] += ns;
	t->sum.outside_off_ns[cause] += ns;
	t->sum.cpu_ns -= ns;
}

/* Adds a wait to the ledger of a section; self_ns of it while the section was the innermost one. */
static inline void fixture_off(struct snapshot_section *facts, enum cause cause, __u64 ns, __u64 self_ns)
{
	facts->ledger.off_ns[cause] += ns;
	facts->ledger.self_off_ns[cause] += self_ns;
}

/* Adds a call that grew RSS by `bytes` with `faults` page faults. */
static inline void fixture_growth(struct section_ledger *l, __u64 bytes, __u64 faults)
{
	struct memory_sum *sums[] = {&l->memory, &l->self_memory};
	int i;

	for (i = 0; i < 2; i++) {
		sums[i]->anon += (__s64)bytes;
		sums[i]->grown += bytes;
		sums[i]->minor += faults;
	}
	if (bytes)
		l->growth[(hist_place(bytes) + 7) / 8]++;
	if (faults)
		l->faults[(hist_place(faults) + 7) / 8]++;
	l->growth_max = bytes > l->growth_max ? bytes : l->growth_max;
	l->peak_bytes = bytes > l->peak_bytes ? bytes : l->peak_bytes;
	l->faults_max = faults > l->faults_max ? faults : l->faults_max;
}

static inline void fixture_shrink(struct section_ledger *l, __u64 bytes)
{
	l->memory.anon -= (__s64)bytes;
	l->self_memory.anon -= (__s64)bytes;
	l->memory.shrunk += bytes;
	l->self_memory.shrunk += bytes;
}

static inline void fixture_questions(struct snapshot *snap)
{
	struct snapshot_section *question = fixture_section(snap, "answer_question", DCBS_NAME_SECTION);
	struct snapshot_section *forward = fixture_section(snap, "forward_pass", DCBS_NAME_FORWARD);
	struct snapshot_section *cluster = fixture_section(snap, "cluster_token_embeddings", DCBS_NAME_SECTION);
	struct snapshot_section *sample = fixture_section(snap, "sample", DCBS_NAME_SECTION);
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
	question->stat.cancelled = 5;
	question->open = 1;
}

static inline void fixture_caches(struct snapshot *snap)
{
	struct snapshot_section *embeddings = fixture_section(snap, "embeddings", DCBS_NAME_CACHE);
	struct snapshot_section *clusters = fixture_section(snap, "clusters", DCBS_NAME_CACHE);
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

/* A minute of an evaluation: sections, a model, caches, open calls and costs. */
static inline struct snapshot *fixture_evaluation(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts;

	fixture_target(snap, 4242, "python3", "/usr/bin/python3 evaluate.py --model tiny --questions 5000 --category-based-sampling");
	fixture_questions(snap);
	fixture_caches(snap);
	facts = fixture_section(snap, "load model", DCBS_NAME_SECTION);
	facts->stat.unstarted = 1;
	facts->stat.total_ns = 2300 * MS;
	facts->stat.self_ns = 2300 * MS;
	facts = fixture_section(snap, "generation", DCBS_NAME_GENERATION);
	fixture_call(facts, 1900 * MS, 1900 * MS);
	fixture_call(facts, 2100 * MS, 2100 * MS);
	facts->stat.items = 512;
	facts = fixture_section(snap, "evaluation", DCBS_NAME_SECTION);
	facts->open = 1;
	facts->stat.total_ns = 62400 * MS;
	facts->stat.self_ns = 11 * SEC;
	fixture_section(snap, "never called", DCBS_NAME_SECTION);
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

static inline struct snapshot_section *fixture_find(struct snapshot *snap, const char *name)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (!strcmp(snap->sections[i]->name, name))
			return snap->sections[i];
	fail_msg("no section %s", name);
	return NULL;
}

static inline void fixture_ledgers(struct snapshot *snap)
{
	struct snapshot_section *forward = fixture_find(snap, "forward_pass"), *load = fixture_find(snap, "load model");
	struct snapshot_section *cluster = fixture_find(snap, "cluster_token_embeddings");
	struct snapshot_section *outer = fixture_find(snap, "evaluation"), *question = fixture_find(snap, "answer_question");
	int i;

	fixture_off(forward, CAUSE_RUNQUEUE, 4 * SEC, 4 * SEC);
	fixture_off(forward, CAUSE_GIL, 300 * MS, 300 * MS);
	fixture_off(cluster, CAUSE_GIL, 8 * SEC, 8 * SEC);
	fixture_off(question, CAUSE_RUNQUEUE, 4 * SEC, 0);
	fixture_off(question, CAUSE_GIL, 8300 * MS, 0);
	fixture_off(load, CAUSE_FAULT, 1500 * MS, 1500 * MS);
	fixture_off(load, CAUSE_DISK, 500 * MS, 500 * MS);
	fixture_off(outer, CAUSE_SLEEP, 10 * SEC, 10 * SEC);
	fixture_off(outer, CAUSE_GIL, 8300 * MS, 0);
	fixture_off(outer, CAUSE_RUNQUEUE, 4 * SEC, 0);
	forward->ledger.worker_ns = forward->ledger.self_worker_ns = 11 * SEC;
	question->ledger.worker_ns = outer->ledger.worker_ns = 11 * SEC;
	for (i = 0; i < 412; i++) {
		fixture_growth(&forward->ledger, i % 100 ? 900000 + 1000 * i : 32 << 20, 220 + i);
		fixture_shrink(&cluster->ledger, 1053000);
	}
	cluster->ledger.shrunk_calls = 412;
	load->ledger.memory.file = load->ledger.self_memory.file = 210 << 20;
	load->ledger.memory.grown = load->ledger.self_memory.grown = 210 << 20;
	load->ledger.memory.major = load->ledger.self_memory.major = 1711;
	load->ledger.memory.mapped = load->ledger.self_memory.mapped = 1ULL << 30;
}

static inline void fixture_pool(struct snapshot *snap)
{
	struct snapshot_thread *main_thread = fixture_thread(snap, 4242, "python3", 62400 * MS), *t;

	main_thread->sections = true;
	main_thread->sum.off_ns[CAUSE_GIL] = 8300 * MS;
	main_thread->sum.off_ns[CAUSE_RUNQUEUE] = 4 * SEC;
	main_thread->sum.off_ns[CAUSE_SLEEP] = 10 * SEC;
	main_thread->sum.cpu_ns = 40 * SEC;
	t = fixture_thread(snap, 4250, "python3", 62400 * MS);
	t->sum.worker_ns = 11 * SEC;
	fixture_thread_off(t, CAUSE_LOCK, 48 * SEC);
	fixture_thread_off(t, CAUSE_RUNQUEUE, 900 * MS);
	fixture_thread_off(fixture_thread(snap, 4251, "pt_main_thread", 62400 * MS), CAUSE_LOCK, 62390 * MS);
	fixture_thread_off(fixture_thread(snap, 4252, "pt_main_thread", 62400 * MS), CAUSE_NETWORK, 62400 * MS);
}

/* The same evaluation with all ledgers known, and a pool of three threads, two of them idle. */
static inline struct snapshot *fixture_measured(void)
{
	struct snapshot *snap = fixture_evaluation();

	snap->wall_known = snap->memory_known = true;
	fixture_ledgers(snap);
	fixture_pool(snap);
	fixture_growth(&snap->outside, 12 << 20, 3000);
	snap->others_bytes = -(9 << 20);
	snap->page_touch_ns = 1100;
	snap->clock_read_ns = 25;
	snap->counters.wakings = 5000;
	snap->counters.rss_events = 93000;
	snap->bpf_ns_per_waking = 110;
	snap->bpf_ns_per_rss_event = 130;
	return snap;
}

/* A target without markers: two threads do the work and the main thread waits for them. */
static inline struct snapshot *fixture_unmarked(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_thread *t;

	fixture_target(snap, 4242, "python3", "python3 other.py");
	snap->wall_known = snap->memory_known = true;
	fixture_thread_off(fixture_thread(snap, 4242, "python3", 62400 * MS), CAUSE_LOCK, 62300 * MS);
	t = fixture_thread(snap, 4243, "loader", 62400 * MS);
	fixture_thread_off(t, CAUSE_DISK, 41 * SEC);
	fixture_thread_off(t, CAUSE_LOCK, 8 * SEC);
	t = fixture_thread(snap, 4244, "answers", 62400 * MS);
	fixture_thread_off(t, CAUSE_LOCK, 39 * SEC);
	fixture_thread_off(t, CAUSE_SYNC, 2 * SEC);
	fixture_thread_off(fixture_thread(snap, 4245, "watcher", 62400 * MS), CAUSE_NETWORK, 62400 * MS);
	t = fixture_thread(snap, 0, "ended", 3 * SEC);
	t->sum.threads = 5;
	fixture_growth(&snap->outside, 48 << 20, 12000);
	return snap;
}

#endif
