// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* read_ledgers.c - copies the ledgers of wall time and memory out of the maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/children/children_impl.h"
#include "collect/overhead/governor.h"
#include "collect/stats/read_ledgers.h"
#include "base/error.h"

#define MAX_VIEWS 65536

static __u64 larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/* All but the greatest are sums: __u64 up to the distributions, __u32 there. */
void ledger_merge(struct section_ledger *to, const struct section_ledger *from)
{
	__u64 peak = larger(to->peak_bytes, from->peak_bytes), growth = larger(to->growth_max, from->growth_max);
	__u64 faults = larger(to->faults_max, from->faults_max), *sum = (__u64 *)to;
	const __u64 *add = (const __u64 *)from;
	size_t i;

	for (i = 0; i < offsetof(struct section_ledger, growth) / sizeof(*sum); i++)
		sum[i] += add[i];
	for (i = 0; i < COARSE_PLACES; i++) {
		to->growth[i] += from->growth[i];
		to->faults[i] += from->faults[i];
	}
	to->peak_bytes = peak;
	to->growth_max = growth;
	to->faults_max = faults;
}

size_t session_list(struct session *session, struct thread_view **views)
{
	size_t room = 0, used = 0;
	char *buf = NULL;
	ssize_t n = 1;
	int fd;

	*views = NULL;
	if (!session->list)	/* kept: the kernel takes a tenth of a second to let go of it */
		session->list = bpf_program__attach_iter(session->skel->progs.on_iter_thread, NULL);
	if (!session->list)
		return 0;
	fd = bpf_iter_create(bpf_link__fd(session->list));
	while (fd >= 0 && n > 0 && used < MAX_VIEWS * sizeof(struct thread_view)) {
		if (used == room) {
			char *grown = realloc(buf, room += 64 * sizeof(struct thread_view));

			if (!grown)
				break;
			buf = grown;
		}
		n = read(fd, buf + used, room - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	*views = (struct thread_view *)buf;
	return used / sizeof(struct thread_view);
}

void session_look_at_threads(struct session *session)
{
	__u64 start_ns = clock_cpu_ns();
	struct thread_view *views;

	session_list(session, &views);
	free(views);
	session->looks_ns += clock_cpu_ns() - start_ns;
}

static struct snapshot_thread *add_thread(struct snapshot *snap, pid_t pid, pid_t tid, const char *comm, bool sections,
					  const struct thread_sum *sum)
{
	struct snapshot_thread *t = &snap->threads[snap->nr_threads++];

	*t = (struct snapshot_thread){.pid = pid, .tid = tid, .sections = sections, .sum = *sum};
	memcpy(t->comm, comm, sizeof(t->comm));
	t->comm[sizeof(t->comm) - 1] = 0;
	return t;
}

static void add_kinds(__s64 *to, const __s64 *kinds, int sign)
{
	int i;

	for (i = 0; i < RSS_KINDS; i++)
		to[i] += sign * kinds[i];
}

/*
 * The memory ledger is held against the kernel's exact counters, not against /proc, which rounds them. What comes
 * with a process that is born in the window, or goes with one that ends and is let go of, no section has done.
 */
void ledger_add_rss(const struct session *session, const struct target *target, const struct process_sum *sum, bool gone,
		    struct ledger_rss *rss)
{
	if (!sum->mm)
		return;
	add_kinds(target->born_ns > session->skel->bss->window.start_ns ? rss->others : rss->start, sum->rss_start, 1);
	if (gone)
		add_kinds(rss->others, sum->rss_now, -1);
	else
		add_kinds(rss->end, sum->rss_now, 1);
	add_kinds(rss->others, sum->others, 1);
}

static void add_rss(struct snapshot *snap, const struct ledger_rss *rss)
{
	int i;

	for (i = 0; i < RSS_KINDS; i++) {
		snap->rss_start_bytes += rss->start[i];
		snap->rss_end_bytes += rss->end[i];
		snap->others_bytes += rss->others[i];
		snap->growth_bytes[i] += rss->end[i] - rss->start[i] - rss->others[i];
	}
}

static void add_ended(struct snapshot *snap, pid_t pid, const struct thread_sum *busy, const struct thread_sum *idle)
{
	static const char ended[16] = "(ended)";

	if (busy->threads)
		add_thread(snap, pid, 0, ended, true, busy);
	if (idle->threads)
		add_thread(snap, pid, 0, ended, false, idle)->idle = true;
}

static void add_process(const struct session *session, struct snapshot *snap, const struct target *target)
{
	struct ledger_rss rss = {0};
	struct process_sum sum;

	if (!target->pid || bpf_map_lookup_elem(bpf_map__fd(session->skel->maps.process_sums), &target->index, &sum))
		return;
	add_ended(snap, target->pid, &sum.ended, &sum.ended_idle);
	if (!sum.mm && !target->parent)		/* a child may have none of its own yet */
		snap->memory_known = false;
	ledger_add_rss(session, target, &sum, false, &rss);
	add_rss(snap, &rss);
}

/* Children that have ended and whose entries have been given back. */
static void add_children(const struct children *children, struct snapshot *snap)
{
	if (!children)
		return;
	add_ended(snap, 0, &children->threads, &children->idle);
	add_rss(snap, &children->rss);
}

static void scale(__u64 *ns, size_t n, double by)
{
	for (; by != 1 && n; n--, ns++)
		*ns = (__u64)((double)*ns * by);
}

void ledger_scale_waits(struct section_ledger *ledger, double by)
{
	scale(ledger->off_ns, CAUSES, by);
	scale(ledger->self_off_ns, CAUSES, by);
	scale(&ledger->worker_ns, 2, by);
}

static double sum_off(const struct thread_sum *sum)
{
	double ns = 0;
	int i;

	for (i = 0; i < CAUSES; i++)
		ns += (double)sum->off_ns[i];
	return ns;
}

static double off_cpu(const struct thread_sum *sum)
{
	return sum->wall_ns > sum->cpu_ns ? (double)(sum->wall_ns - sum->cpu_ns) : 0;
}

/*
 * Waits that were watched part of the time. How long a thread did not run in all is known, from the kernel's account of
 * how long it did: what was seen is made to come to that. Sections get what comes to the threads that had some.
 */
static void scale_all(const struct session *session, struct snapshot *snap)
{
	double off[2] = {0}, seen[2] = {0}, one;
	size_t i;

	snap->wait_scale = 1;
	for (i = 0; i < snap->nr_threads && governor_waits_rest(session); i++) {
		struct snapshot_thread *t = &snap->threads[i];

		one = sum_off(&t->sum);
		if (!one)
			continue;
		off[t->sections] += off_cpu(&t->sum);
		seen[t->sections] += one;
		scale(&t->sum.worker_ns, 1 + 2 * CAUSES, off_cpu(&t->sum) / one);
	}
	i = seen[true] > 0;
	if (seen[i] > 0)
		snap->wait_scale = off[i] / seen[i];
	ledger_scale_waits(&snap->outside, snap->wait_scale);
}

int ledger_copy(const struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views)
{
	size_t i;

	snap->threads = calloc(nr_views + 2 * session->nr_targets + 2, sizeof(*snap->threads));
	if (!snap->threads)
		return fail(-ENOMEM, "out of memory");
	snap->counters = session->skel->bss->counters;
	snap->wall_known = session->has_ledgers;
	snap->memory_known = session->has_memory;
	snap->outside = session->ledgers[SECTION_OUTSIDE];
	for (i = 0; i < nr_views; i++)
		if (views[i].sum.threads)
			add_thread(snap, (pid_t)views[i].tgid, (pid_t)views[i].tid, views[i].comm, views[i].sections, &views[i].sum);
	for (i = 0; i < session->nr_targets; i++)
		add_process(session, snap, &session->targets[i]);
	add_children(session->children, snap);
	if (!snap->memory_known) {
		snap->rss_start_bytes = session->rss_start_bytes;
		snap->rss_end_bytes = session->rss_end_bytes;
	}
	snap->rss_peak_bytes = session->rss_peak_bytes;
	scale_all(session, snap);
	if (snap->rss_peak_bytes != DCBS_UNKNOWN && snap->rss_peak_bytes < snap->rss_end_bytes)
		snap->rss_peak_bytes = snap->rss_end_bytes;	/* the kernel's peak is not told as exactly */
	return 0;
}
