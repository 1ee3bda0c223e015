// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * outside.c - divides the time outside of all sections among the processes and what their threads are for.
 *
 * Waits are charged thread by thread. The running time in sections is known for a process. So the running time outside of sections is
 * known for its threads that have sections together: it is the rest. If those have two roles, each gets what lies between the least
 * and the most that it can be.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/outside.h"
#include "analyse/sums/ledger.h"
#include "analyse/threads.h"
#include "base/clock.h"

#define SLACK_SHARE 0.01	/* of the time of all threads, and ... */
#define EXACT_NS 1000		/* a smaller error is none */
#define SLACK_NS 1e7		/* ... ns: by so much the processes' times may differ from that of all, as counters are read in turn */

/* Threads of a process with the same role, in the making. */
struct part {
	pid_t pid;
	enum dcbs_role role;
	__u64 threads;
	bool sections;		/* they may have had sections */
	double wall_ns;
	double running_ns;	/* not for sections of other threads, but maybe in their own */
	__u64 off_ns[CAUSES];	/* waits outside of sections */
	double process_ns;	/* the time outside of sections of all parts of the process, and ... */
	double process_sections_ns;	/* ... in its sections; 0: none, or it is the only process */
};

struct division {
	const struct snapshot *snap;
	struct part *parts;
	size_t nr;
	double all_ns;		/* the time outside of all sections */
};

/* ---- roles ---- */

static bool is_helper(const struct dcbs_report *r, pid_t pid)
{
	size_t i;

	for (i = 0; i < r->nr_targets; i++)
		if (r->targets[i].pid == pid)
			return r->targets[i].parent && !r->targets[i].sections && !(r->targets[i].sections_s > 0);
	return false;
}

/* A function that is timed by --section leaves no mark on its thread. */
static bool any_functions(const struct snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (snap->sections[i]->is_function)
			return true;
	return false;
}

static enum dcbs_role role_of(const struct dcbs_report *r, const struct snapshot_thread *t, bool sections)
{
	if (!t->pid)
		return DCBS_ROLE_ENDED;
	if (is_helper(r, t->pid))
		return DCBS_ROLE_HELPER;
	if (t->tid == t->pid)
		return DCBS_ROLE_MAIN;
	return sections ? DCBS_ROLE_SECTIONS : DCBS_ROLE_POOL;
}

static struct part *get_part(struct division *d, pid_t pid, enum dcbs_role role)
{
	size_t i;

	for (i = d->nr; i-- > 0;)
		if (d->parts[i].pid == pid && d->parts[i].role == role)
			return &d->parts[i];
	d->parts[d->nr] = (struct part){.pid = pid, .role = role, .sections = role == DCBS_ROLE_ENDED || role == DCBS_ROLE_HELPER};
	return &d->parts[d->nr++];
}

static void add_thread(struct division *d, const struct dcbs_report *r, const struct snapshot_thread *t, bool functions)
{
	bool sections = t->sections || t->marked || functions;
	struct part *to = get_part(d, t->pid, role_of(r, t, sections));
	int i;

	to->threads += t->sum.threads;
	to->sections |= sections;
	to->wall_ns += (double)t->sum.wall_ns;
	to->running_ns += fmax((double)t->sum.wall_ns - (double)t->sum.worker_ns - ledger_off_ns(t->sum.off_ns), 0);
	for (i = 0; i < CAUSES; i++)
		to->off_ns[i] += t->sum.outside_off_ns[i];
}

static void add_threads(struct division *d, const struct dcbs_report *r)
{
	bool functions = any_functions(d->snap);
	size_t i;

	for (i = 0; i < d->snap->nr_threads; i++)
		if (!threads_is_idle(&d->snap->threads[i]))
			add_thread(d, r, &d->snap->threads[i], functions);
}

/* ---- the time of a process ---- */

/* Children that have ended have no threads of their own any more: their time is in that of all such children, number 0. */
static pid_t number_of(const struct division *d, pid_t pid)
{
	size_t i;

	for (i = 0; i < d->nr; i++)
		if (d->parts[i].pid == pid)
			return pid;
	return 0;
}

static double sections_ns_of(const struct division *d, const pid_t *numbers, pid_t pid)
{
	const struct snapshot *snap = d->snap;
	double ns = 0;
	size_t i;

	for (i = 0; i < snap->nr_parts; i++)
		if (numbers[snap->parts[i].target] == pid)
			ns += (double)snap->parts[i].sum.self_ns;
	return ns;
}

static double threads_ns_of(const struct snapshot *snap, pid_t pid)
{
	double ns = 0;
	size_t i;

	for (i = 0; i < snap->nr_threads; i++) {
		const struct snapshot_thread *t = &snap->threads[i];

		if (t->pid == pid && !threads_is_idle(t))
			ns += (double)t->sum.wall_ns - (double)t->sum.worker_ns;
	}
	return ns;
}

static int add_processes(struct division *d)
{
	pid_t *numbers = calloc(d->snap->nr_targets + 1, sizeof(*numbers));
	size_t i;

	if (!numbers)
		return -ENOMEM;
	for (i = 0; i < d->snap->nr_targets; i++)
		numbers[i] = number_of(d, d->snap->targets[i].pid);
	for (i = 0; i < d->nr; i++) {
		struct part *p = &d->parts[i];

		p->process_sections_ns = sections_ns_of(d, numbers, p->pid);
		p->process_ns = d->snap->nr_targets <= 1 ? d->all_ns : threads_ns_of(d->snap, p->pid) - p->process_sections_ns;
	}
	free(numbers);
	return 0;
}

/* Returns true if no part of the same process comes before. */
static bool is_first_of_process(const struct division *d, size_t i)
{
	size_t j;

	for (j = 0; j < i && d->parts[j].pid != d->parts[i].pid; j++)
		;
	return j == i;
}

/* Coroutines, and functions that were timed in on-periods, have figures for all processes together only. */
static bool processes_add_up(const struct division *d)
{
	double sum_ns = 0, wall_ns = 0;
	size_t i;

	for (i = 0; i < d->nr; i++) {
		wall_ns += d->parts[i].wall_ns;
		if (is_first_of_process(d, i))
			sum_ns += d->parts[i].process_ns;
	}
	return fabs(sum_ns - d->all_ns) <= SLACK_NS + SLACK_SHARE * wall_ns;
}

/* ---- running time ---- */

/* The running time outside of sections of all parts of a process that may have had sections, and all of their running time. */
struct rest {
	double ns, room_ns;
	bool any;	/* otherwise no part is known to have had sections, so each may have had */
};

static bool any_has_sections(const struct division *d, pid_t pid)
{
	size_t i;

	for (i = 0; i < d->nr; i++)
		if (d->parts[i].pid == pid && d->parts[i].sections)
			return true;
	return false;
}

static bool may_have_sections(const struct rest *rest, const struct part *p)
{
	return p->sections || !rest->any;
}

static struct rest rest_of(const struct division *d, const struct part *of)
{
	struct rest rest = {.ns = of->process_ns, .any = any_has_sections(d, of->pid)};
	size_t i;

	for (i = 0; i < d->nr; i++) {
		const struct part *p = &d->parts[i];

		if (p->pid != of->pid)
			continue;
		rest.ns -= ledger_off_ns(p->off_ns) + (may_have_sections(&rest, p) ? 0 : p->running_ns);
		rest.room_ns += may_have_sections(&rest, p) ? p->running_ns : 0;
	}
	rest.ns = fmax(rest.ns, 0);
	return rest;
}

/* Returns the running time of a part outside of sections, and stores how far it may be off; NAN: it is exact. */
static double running_ns_of(const struct part *p, const struct rest *rest, double *error_ns)
{
	double others_ns = rest->room_ns - p->running_ns, least, most;

	*error_ns = NAN;
	if (!may_have_sections(rest, p))
		return p->running_ns;
	least = fmax(rest->ns - others_ns, 0);
	most = others_ns > 0 ? fmax(fmin(p->running_ns, rest->ns), least) : least;
	if (most - least > EXACT_NS)
		*error_ns = (most - least) / 2;
	return (most + least) / 2;
}

/* A thread still runs for a moment when its process counts as ended, and the window with it: that is not in the window. */
static double most_ns_of(const struct snapshot *snap, const struct part *p)
{
	return snap->end_ns > snap->start_ns ? (double)(snap->end_ns - snap->start_ns) * (double)p->threads : 0;
}

static void fill_part(struct dcbs_outside *to, const struct division *d, const struct part *p, bool known)
{
	struct rest rest = rest_of(d, p);
	double most_ns = most_ns_of(d->snap, p), off_ns = ledger_off_ns(p->off_ns), error_ns, total_ns;

	total_ns = fmax(fmin(off_ns + running_ns_of(p, &rest, &error_ns), most_ns), off_ns);
	*to = (struct dcbs_outside) {
		.pid = p->pid, .role = p->role, .threads = (int64_t)p->threads, .wall_s = fmin(p->wall_ns, most_ns) * S_PER_NS,
		.total_s = known ? total_ns * S_PER_NS : NAN, .error_s = known ? error_ns * S_PER_NS : NAN,
	};
	ledger_wall(&to->wall, p->off_ns, 0, total_ns);
	if (!known)
		to->wall.cpu_s = to->wall.residue_s = NAN;
}

static int longest_first(const void *a, const void *b)
{
	const struct dcbs_outside *x = a, *y = b;
	double x_s = isnan(x->total_s) ? 0 : x->total_s, y_s = isnan(y->total_s) ? 0 : y->total_s;

	if (x_s != y_s)
		return x_s < y_s ? 1 : -1;
	return x->pid != y->pid ? x->pid - y->pid : (int)x->role - (int)y->role;
}

static void fill_parts(struct dcbs_report *r, struct division *d)
{
	bool known = d->snap->nr_targets <= 1 || processes_add_up(d), functions = any_functions(d->snap);

	for (; r->nr_outside < d->nr; r->nr_outside++) {
		const struct part *p = &d->parts[r->nr_outside];

		fill_part(&r->outside[r->nr_outside], d, p, known || (!functions && !(p->process_sections_ns > 0)));
	}
	qsort(r->outside, r->nr_outside, sizeof(*r->outside), longest_first);
}

static int divide(struct dcbs_report *r, struct division *d)
{
	add_threads(d, r);
	if (add_processes(d))
		return -ENOMEM;
	fill_parts(r, d);
	return 0;
}

int outside_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	struct division d = {.snap = snap};
	__u64 off_ns[CAUSES] = {0};
	int err;

	if (!threads_have_outside(snap))
		return 0;
	d.all_ns = threads_outside_ns(snap, off_ns);
	d.parts = calloc(snap->nr_threads, sizeof(*d.parts));
	r->outside = calloc(snap->nr_threads, sizeof(*r->outside));
	err = d.parts && r->outside ? divide(r, &d) : -ENOMEM;
	free(d.parts);
	return err;
}
