// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* read_ledgers.c - copies the ledgers of wall time and memory from the maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/children/children_state.h"
#include "collect/overhead/levers.h"
#include "collect/stats/process_sums.h"
#include "collect/stats/read_ledgers.h"

static __u64 larger_of(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/* All fields but the maxima are sums: of type __u64 up to the distributions, __u32 in them. */
void read_ledgers_merge(struct section_ledger *to, const struct section_ledger *from)
{
	__u64 peak = larger_of(to->peak_bytes, from->peak_bytes), growth = larger_of(to->growth_max, from->growth_max);
	__u64 faults = larger_of(to->faults_max, from->faults_max);
	size_t i;

	array_add_counters(to, from, offsetof(struct section_ledger, growth));
	for (i = 0; i < COARSE_PLACES; i++) {
		to->growth[i] += from->growth[i];
		to->faults[i] += from->faults[i];
	}
	to->peak_bytes = peak;
	to->growth_max = growth;
	to->faults_max = faults;
}

static struct snapshot_thread *add_thread_facts(struct snapshot *snap, pid_t pid, pid_t tid, const char *comm, bool sections,
					  const struct thread_sum *sum)
{
	struct snapshot_thread *t = &snap->threads[snap->nr_threads++];

	*t = (struct snapshot_thread){.pid = pid, .tid = tid, .sections = sections, .sum = *sum};
	snprintf(t->comm, sizeof(t->comm), "%.*s", (int)sizeof(t->comm) - 1, comm);
	return t;
}

static void add_live_thread(struct snapshot *snap, const struct thread_view *view)
{
	struct snapshot_thread *t = add_thread_facts(snap, (pid_t)view->pid, (pid_t)view->tid, view->comm, view->sections, &view->sum);

	t->marked = view->sections || view->record;
}

static void add_process_rss(struct snapshot *snap, const struct process_rss *rss)
{
	int i;

	for (i = 0; i < RSS_KINDS; i++) {
		snap->rss_start_bytes += rss->start[i];
		snap->rss_end_bytes += rss->end[i];
		snap->others_bytes += rss->others[i];
		snap->growth_bytes[i] += rss->end[i] - rss->start[i] - rss->others[i];
	}
}

/* The main thread keeps its number and its name. main_sections: it may have had sections. */
static void add_ended_threads(struct snapshot *snap, pid_t pid, const char *main_comm, bool main_sections, const struct thread_sum *ended)
{
	enum ended_role role;

	for (role = 0; role < ENDED_ROLES; role++) {
		bool is_main = role == ENDED_MAIN;
		struct snapshot_thread *t;

		if (!ended[role].threads)
			continue;
		t = add_thread_facts(snap, pid, is_main ? pid : 0, is_main ? main_comm : "(ended)",
				     is_main ? main_sections : role == ENDED_SECTIONS, &ended[role]);
		t->idle = role == ENDED_IDLE;
		t->marked = t->sections;
	}
}

static void add_process_facts(const struct programs *bpf, struct snapshot *snap, const struct target *target)
{
	struct process_rss rss = {0};
	struct process_sum sum;

	if (!target->pid || bpf_map_lookup_elem(bpf_map__fd(bpf->skel->maps.process_sums), &target->index, &sum))
		return;
	add_ended_threads(snap, target->pid, target->facts.comm, sum.main_sections, sum.ended);
	if (!sum.mm && !target->parent)		/* a child may have no memory of its own yet */
		snap->memory_known = false;
	process_sums_add_rss(bpf, target, &sum, false, &rss);
	add_process_rss(snap, &rss);
}

/* Adds the ended children whose entries are free again. */
static void add_ended_children(const struct children *children, struct snapshot *snap)
{
	if (!children)
		return;
	add_ended_threads(snap, 0, "(ended)", true, children->threads);
	add_process_rss(snap, &children->rss);
}

static void scale_times(__u64 *ns, size_t n, double by)
{
	for (; by != 1 && n; n--, ns++)
		*ns = (__u64)((double)*ns * by);
}

void read_ledgers_scale_waits(struct section_ledger *ledger, double by)
{
	scale_times(ledger->off_ns, CAUSES, by);
	scale_times(ledger->self_off_ns, CAUSES, by);
	scale_times(&ledger->worker_ns, 2, by);
	scale_times(&ledger->flow_off_ns, 2, by);
}

static double observed_waits(const struct thread_sum *sum)
{
	double ns = 0;
	int i;

	for (i = 0; i < CAUSES; i++)
		ns += (double)sum->off_ns[i];
	return ns;
}

static double time_off_cpu(const struct thread_sum *sum)
{
	return sum->wall_ns > sum->cpu_ns ? (double)(sum->wall_ns - sum->cpu_ns) : 0;
}

/*
 * Scales waits that were observed in on-periods. The kernel accounts for the time that a thread ran, so the time that it did not
 * run is known, and the observed waits are scaled to amount to that. Sections get the ratio of the threads that had sections.
 */
static void scale_all_waits(const struct session *session, struct snapshot *snap)
{
	double off[2] = {0}, seen[2] = {0}, one;
	size_t i;

	snap->wait_scale = 1;
	for (i = 0; i < snap->nr_threads && levers_waits_are_estimated(session); i++) {
		struct snapshot_thread *t = &snap->threads[i];

		one = observed_waits(&t->sum);
		if (!one)
			continue;
		off[t->sections] += time_off_cpu(&t->sum);
		seen[t->sections] += one;
		scale_times(&t->sum.worker_ns, 1 + 2 * CAUSES, time_off_cpu(&t->sum) / one);
		if (t->sum.worker_ns > t->sum.cpu_ns)	/* an estimate, and the kernel knows the whole */
			t->sum.worker_ns = t->sum.cpu_ns;
	}
	i = seen[true] > 0;
	if (seen[i] > 0)
		snap->wait_scale = off[i] / seen[i];
	read_ledgers_scale_waits(&snap->outside, snap->wait_scale);
}

int read_ledgers(const struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views)
{
	size_t i;

	snap->threads = calloc(nr_views + ENDED_ROLES * (session->targets.nr + 1), sizeof(*snap->threads));
	if (!snap->threads)
		return fail(-ENOMEM, "out of memory");
	snap->counters = session->bpf.skel->bss->counters;
	snap->wall_known = session->events.waits_known;
	snap->memory_known = session->events.memory_known;
	snap->outside = session->bpf.ledgers[SECTION_OUTSIDE];
	for (i = 0; i < nr_views; i++)
		if (views[i].sum.threads)
			add_live_thread(snap, &views[i]);
	for (i = 0; i < session->targets.nr; i++)
		add_process_facts(&session->bpf, snap, &session->targets.list[i]);
	add_ended_children(session->children, snap);
	if (!snap->memory_known) {
		snap->rss_start_bytes = session->rss.start_bytes;
		snap->rss_end_bytes = session->rss.end_bytes;
	}
	snap->rss_peak_bytes = session->rss.peak_bytes;
	scale_all_waits(session, snap);
	if (snap->rss_peak_bytes != DCBS_UNKNOWN && snap->rss_peak_bytes < snap->rss_end_bytes)
		snap->rss_peak_bytes = snap->rss_end_bytes;	/* the kernel's peak is less exact */
	return 0;
}
