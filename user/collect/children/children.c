// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* children.c - follows the processes that targets fork. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/children/adopt.h"
#include "collect/children/children.h"
#include "collect/children/children_state.h"
#include "collect/children/entries.h"
#include "collect/children/process_facts.h"
#include "collect/samples/sampler.h"
#include "collect/samples/sampling.h"
#include "collect/target/attach.h"
#include "collect/target/publish.h"
#include "symbol/symbols.h"

#define MARKERS_SOON_NS 5000000ULL	/* from execve() to the first search for markers; a later one comes after 1/4 of the time since */
#define UNREAD_CHILD "children ended while the profiler attached to them"
#define SWEEP_NS 1000000000ULL		/* between checks that the children exist */

/* ---- open ---- */

static int ignore_news(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

int children_open(struct session *session)
{
	struct children *children;
	__u32 i;

	session->bpf.skel->bss->counters.processes = session->opts.nr_pids;
	if (!session->opts.children)
		return 0;
	children = session->children = calloc(1, sizeof(*children));
	if (!children)
		return fail(-ENOMEM, "out of memory");
	children->arrived = session->opts.nr_pids;
	children->news = ring_buffer__new(bpf_map__fd(session->bpf.skel->maps.news), ignore_news, NULL, NULL);
	if (!children->news)
		return fail(-errno, "cannot map the ring of news: %s", strerror(errno));
	for (i = BPFPROF_FOLLOWED; i-- > session->opts.nr_pids;)
		entries_release(&session->bpf, i);
	return 0;
}

/* A process becomes a target before its children are listed, so on_fork observes a child that it forks meanwhile. */
int children_adopt(struct session *session)
{
	size_t i;
	int err = 0;

	if (!session->children)
		return 0;
	if (!bpf_program__autoload(session->bpf.skel->progs.on_fork))
		notes_add(&session->notes, "this kernel does not report when a process forks: only children that existed already are "
			  "followed");
	if (session->bpf.probe_functions)
		notes_add(&session->notes, "functions of --section are timed in the processes that were given, not in their children");
	for (i = 0; i < session->targets.nr && !err; i++)
		if (!session->targets.list[i].born_ns)
			err = adopt_children_of(session, session->targets.list[i].pid);
	return err;
}

/* ---- birth ---- */

/* A forked child has the facts of its parent until it calls execve(). Then it is examined. */
static void inherit_facts(struct target *target, const struct target *parent)
{
	memcpy(target->command, parent->command, sizeof(target->command));
	memcpy(target->facts.comm, parent->facts.comm, sizeof(target->facts.comm));
	target->state = parent->state;
	target->facts.markers = parent->facts.markers;
	target->python_start = parent->python_start;
	target->python_end = parent->python_end;
	target->python_absent_ns = parent->python_absent_ns;
	/* 1: due at once, as the interpreter has started by now. A child of a process without one is searched as seldom as that. */
	target->python_due_ns = parent->python_due_ns && !parent->python_absent_ns ? 1 : parent->python_due_ns;
	target->python_tries = parent->python_tries;
}

/* The parent's interpreter may have been found after the fork, too. */
static void inherit_gil(volatile struct process *process, const struct process *parent)
{
	if (process->execs || process->gil_end)
		return;
	process->gil_start = parent->gil_start;
	process->gil_end = parent->gil_end;
}

static __u64 names_lost_by(const struct target *target, __u64 address)
{
	struct dcbs_state state;

	return target_read(target, address, &state, offsetof(struct dcbs_state, names)) ? ~0ULL : state.names_lost;
}

/*
 * The child got its table of names, with the count of lost ones, from its parent at the fork. Both may have lost more names
 * since, so the count at the fork was at most the smaller one.
 */
static __u64 names_lost_at_fork(const struct target *target, const struct target *parent)
{
	__u64 own = target->state ? names_lost_by(target, target->state) : ~0ULL;
	__u64 its = target->state ? names_lost_by(parent, target->state) : ~0ULL, least = own < its ? own : its;

	return least == ~0ULL ? 0 : least;
}

static void child_arrived(struct session *session, __u32 index)
{
	struct process *process = &session->bpf.processes[index];
	struct target *target = &session->targets.list[index];
	struct target *parent = target_list_find(&session->targets, (pid_t)process->parent);
	int err;

	session->children->arrived++;
	memset(target, 0, sizeof(*target));
	target->pid = target->facts.pid = (pid_t)process->pid;
	target->tgid = process->tgid;
	target->pidfd = -1;
	target->index = index;
	target->process = process;
	target->serial = process->serial;
	target->born_ns = process->born_ns;
	target->parent = target->facts.parent = (pid_t)process->parent;
	target->facts.started_at = clock_unix_s(process->born_ns);
	err = target_open_child(target);
	if (err && err != -ESRCH)
		notes_add(&session->notes, "children cannot be read: %s; their comm, markers and functions may be missing", strerror(-err));
	if (parent) {
		inherit_facts(target, parent);
		inherit_gil(process, &session->bpf.processes[parent->index]);
		target->names_lost = names_lost_at_fork(target, parent);
	}
	target->exec_ns = process->born_ns;
	target->search_ns = clock_now_ns() + MARKERS_SOON_NS;
	target->gpu_look_ns = target->search_ns + GPU_CHILD_NS;
	entries_cover(&session->targets, index);
	sampling_add_target(session, target, parent);
}

/* Returns the number of entries to search for children. The BPF programs take entries from the lowest up. */
static __u64 nr_entries_in_use(const struct session *session)
{
	__u64 n = session->targets.nr + (session->bpf.skel->bss->counters.processes - session->children->arrived);

	return n < BPFPROF_FOLLOWED ? n : BPFPROF_FOLLOWED;
}

void children_find(void *ctx)
{
	struct session *session = ctx;
	const struct process *processes = session->bpf.processes;
	__u64 n = session->children ? nr_entries_in_use(session) : 0;
	__u32 i;

	for (i = 0; i < n; i++)
		if (processes[i].serial && processes[i].serial != session->targets.list[i].serial)
			child_arrived(session, i);
}

/* ---- markers ---- */

struct attach_context children_attach_context(struct session *session)
{
	return (struct attach_context){
		.bpf = &session->bpf,
		.shared = session->children ? &session->children->probes : NULL,
		.baselines_missed = &session->window.baselines_missed,
	};
}

/* Counts calls that began and ended after a child's execve() and before its markers were probed. They were not timed. */
static int count_unseen_sections(void *ctx, __u64 address, const struct dcbs_record *r)
{
	unsigned int i, left = DCBS_SLOTS;
	struct children *children = ctx;
	__u64 seen = r->head;

	(void)address;
	for (i = r->innermost; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		seen++;
	seen += r->flow_open;
	if (r->use / DCBS_USE_SERIAL > seen)
		children->unseen += r->use / DCBS_USE_SERIAL - seen;
	return 0;
}

static void search_for_markers(struct session *session, struct target *target, __u64 now)
{
	struct attach_context ctx = children_attach_context(session);
	int found;

	if (target->state || now < target->search_ns)
		return;
	found = attach_target(&ctx, target);
	if (found < 0 && !target_is_gone(target))
		notes_add(&session->notes, "%s", dcbs_profiler_error());
	if (found > 0 && target->execs && target->exec_ns < ctx.shared_since_ns &&
	    target_each_record(target, count_unseen_sections, session->children) <= 0 && target_is_gone(target) &&
	    !notes_mention(&session->notes, UNREAD_CHILD))
		notes_add(&session->notes, UNREAD_CHILD ": sections that they had run are missing");
	target->search_ns = now + MARKERS_SOON_NS + (now - target->exec_ns) / 4;
}

static void examine_child(struct session *session, struct target *target, struct process *process, __u64 now)
{
	if (process->execs != target->execs && attach_check_right(process, target)) {
		process->ended_ns = now;
		return;
	}
	if (process->execs != target->execs) {
		target->exec_ns = target->search_ns = now;
		attach_forget_image(&session->bpf, target, process->execs);
		sampling_forget_image(session, target);
	}
	search_for_markers(session, target, now);
	gpu_probes_look(&session->gpu_probes, &session->bpf, target, &session->notes);
}

__u64 children_due(const struct session *session, __u64 next)
{
	size_t i;

	for (i = 0; session->children && i < session->targets.nr; i++) {
		const struct target *target = &session->targets.list[i];
		__u64 ended_ns = session->bpf.processes[i].ended_ns;

		if (!target->parent)
			continue;
		if (ended_ns && ended_ns + ATTACH_TAIL_NS < next)
			next = ended_ns + ATTACH_TAIL_NS;
		else if (!target->state && target->search_ns < next)
			next = target->search_ns;
	}
	return next;
}

/* ---- end ---- */

/* Keeps the child's facts, and makes its entry free. */
static void child_ended(struct session *session, struct target *target)
{
	static const struct python_layout no_python;
	const struct bpfprof *skel = session->bpf.skel;
	__u32 index;

	publish_end(&session->bpf, target);
	if (session->bpf.processes[target->index].left)
		attach_note_left(target, &session->notes);
	process_facts_keep(session, target);
	bpf_map_update_elem(bpf_map__fd(skel->maps.pythons), &target->index, &no_python, BPF_ANY);
	memset(&session->bpf.processes[target->index], 0, sizeof(struct process));
	awaiting_forget(target, 0);
	symbols_close(target->symbols);
	uprobe_detach(target->marker_link);
	uprobe_detach(target->seldom_link);
	gpu_probes_forget(&session->gpu_probes, &session->bpf, target);
	target_close(target);
	index = target->index;
	memset(target, 0, sizeof(*target));
	entries_release(&session->bpf, index);
}

/* A child is gone if two sweeps did not find it. After one, its last thread may have yet to be descheduled for the last time. */
static bool child_is_gone(struct target *target)
{
	bool before = target->gone;

	/* Without a descriptor the number is all that is known; one that is in use again only delays the end. */
	target->gone = target->pidfd >= 0 ? target_is_gone(target) : kill(target->pid, 0) && errno == ESRCH;
	return before && target->gone;
}

static bool tail_is_over(const struct process *process)
{
	return process->ended_ns && clock_now_ns() - process->ended_ns > ATTACH_TAIL_NS;
}

/* The BPF programs report most ends, the descriptor of an adopted child reports its end, and a sweep finds the others. */
static bool child_has_ended(struct target *target, const struct process *process, bool sweep)
{
	if (!target->parent)
		return false;
	return tail_is_over(process) || (!target->born_ns && target_ended(target)) || (sweep && child_is_gone(target));
}

static bool some_have_ended(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->targets.nr; i++)
		if (session->targets.list[i].pid && tail_is_over(&session->bpf.processes[i]))
			return true;
	return false;
}

/* ---- polling ---- */

static bool sweep_is_due(struct children *children, __u64 now)
{
	if (now - children->swept_ns <= SWEEP_NS)
		return false;
	children->swept_ns = now;
	return true;
}

void children_poll(struct session *session)
{
	struct children *children = session->children;
	__u64 now = clock_now_ns();
	bool sweep;
	size_t i;

	if (!children)
		return;
	ring_buffer__consume(children->news);
	sweep = sweep_is_due(children, now);
	children_find(session);
	if (some_have_ended(session))
		sampler_poll(session->sampler);
	for (i = 0; i < session->targets.nr; i++) {
		struct process *process = &session->bpf.processes[i];
		struct target *target = &session->targets.list[i];

		if (!target->parent)
			continue;
		if (!process->ended_ns)
			examine_child(session, target, process, now);
		if (child_has_ended(target, process, sweep))
			child_ended(session, target);
	}
}

int children_fd(const struct session *session)
{
	return session->children ? ring_buffer__epoll_fd(session->children->news) : -1;
}

void children_close(struct session *session)
{
	struct children *children = session->children;

	if (!children)
		return;
	ring_buffer__free(children->news);
	shared_probes_close(&children->probes);
	process_facts_forget_children(children);
	free(children);
	session->children = NULL;
}
