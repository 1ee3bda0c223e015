// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* children.c - follows the processes that targets fork: their entries from birth to reuse. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/children/children_impl.h"
#include "collect/samples/sampler.h"
#include "collect/children/process_facts.h"
#include "base/error.h"
#include "base/proc.h"
#include "symbol/symbols.h"

#define SOON_NS 5000000ULL	/* from an exec to the first look for markers; later ones wait for a quarter of the time since */
#define TAIL_NS 2000000ULL	/* for which a process that has been read may still run, to give back its memory */
#define SWEEP_NS 1000000000ULL	/* between looks at whether those that are said to run are there */

/* ---- entries ---- */

static int give_back(struct session *session, __u32 index)
{
	return bpf_map_update_elem(bpf_map__fd(session->skel->maps.vacant), NULL, &index, BPF_ANY);
}

static int ignore_news(void *ctx, void *data, size_t size)
{
	(void)ctx, (void)data, (void)size;
	return 0;
}

int children_open(struct session *session)
{
	struct children *children;
	__u32 i;

	session->skel->bss->counters.processes = session->opts.nr_pids;
	if (!session->opts.children)
		return 0;
	children = session->children = calloc(1, sizeof(*children));
	if (!children)
		return fail(-ENOMEM, "out of memory");
	children->arrived = session->opts.nr_pids;
	children->news = ring_buffer__new(bpf_map__fd(session->skel->maps.news), ignore_news, NULL, NULL);
	if (!children->news)
		return fail(-errno, "cannot map the ring of news: %s", strerror(errno));
	for (i = BPFPROF_FOLLOWED; i-- > session->opts.nr_pids;)
		give_back(session, i);
	return 0;
}

/* ---- birth ---- */

static struct target *target_of_pid(struct session *session, pid_t pid)
{
	size_t i;

	for (i = 0; i < session->nr_targets; i++)
		if (session->targets[i].pid == pid)
			return &session->targets[i];
	return NULL;
}

/* A forked child is what its parent was until it executes an image; then it is looked at. */
static void take_after(struct target *target, const struct target *parent)
{
	memcpy(target->command, parent->command, sizeof(target->command));
	memcpy(target->facts.comm, parent->facts.comm, sizeof(target->facts.comm));
	target->state = parent->state;
	target->facts.markers = parent->facts.markers;
	target->python_start = parent->python_start;
	target->python_end = parent->python_end;
	target->python_due_ns = parent->python_due_ns ? 1 : 0;	/* to be looked for at once: by now it has started */
}

/* It may have been found after the fork, too. */
static void take_gil(volatile struct process *process, const struct process *parent)
{
	if (process->execs || process->gil_end)
		return;
	process->gil_start = parent->gil_start;
	process->gil_end = parent->gil_end;
}

static __u64 names_lost(const struct target *target, __u64 address)
{
	struct dcbs_state state;

	return target_read(target, address, &state, offsetof(struct dcbs_state, names)) ? ~0ULL : state.names_lost;
}

/* Its table of names is its parent's, and so is what did not fit. Since the fork either may have lost more: it was at most what both have. */
static __u64 names_lost_before(const struct target *target, const struct target *parent)
{
	__u64 own = target->state ? names_lost(target, target->state) : ~0ULL;
	__u64 its = target->state ? names_lost(parent, target->state) : ~0ULL, least = own < its ? own : its;

	return least == ~0ULL ? 0 : least;
}

static void child_arrived(struct session *session, __u32 index)
{
	struct process *process = &session->processes[index];
	struct target *target = &session->targets[index], *parent = target_of_pid(session, (pid_t)process->parent);

	session->children->arrived++;
	memset(target, 0, sizeof(*target));
	target->pid = target->facts.pid = (pid_t)process->tgid;
	target->pidfd = -1;
	target->index = index;
	target->serial = process->serial;
	target->born_ns = process->born_ns;
	target->parent = target->facts.parent = (pid_t)process->parent;
	target->facts.started_at = clock_unix_s(process->born_ns);
	if (parent) {
		take_after(target, parent);
		take_gil(process, &session->processes[parent->index]);
		target->names_lost = names_lost_before(target, parent);
	}
	target->exec_ns = process->born_ns;
	target->look_ns = clock_now_ns() + SOON_NS;
	if (index >= session->nr_targets)
		session->nr_targets = index + 1;
	stacks_begin(session, target, parent);
}

/* ---- those that are there already ---- */

static int adopt(struct session *session, pid_t pid, pid_t parent)
{
	int vacant = bpf_map__fd(session->skel->maps.vacant), targets = bpf_map__fd(session->skel->maps.targets);
	struct target *target;
	__u32 index;

	if (!bpf_map_lookup_elem(targets, &pid, &index))
		return 0;	/* on_fork has been quicker */
	if (bpf_map_lookup_and_delete_elem(vacant, NULL, &index))
		return fail(-E2BIG, "more than %d processes at a time", BPFPROF_FOLLOWED);
	target = &session->targets[index];
	if (target_open(target, pid)) {
		memset(target, 0, sizeof(*target));
		return give_back(session, index);
	}
	target->index = index;
	target->parent = target->facts.parent = parent;
	session->children->arrived++;
	target->serial = (__u32)__sync_add_and_fetch(&session->skel->bss->counters.processes, 1);
	session->processes[index] = (struct process){.tgid = (__u32)pid, .index = index, .serial = target->serial};
	if (index >= session->nr_targets)
		session->nr_targets = index + 1;
	bpf_map_update_elem(targets, &pid, &index, BPF_ANY);
	return 0;
}

struct adoption {
	struct session *session;
	pid_t parent;
	int err;
};

static bool adopt_of_thread(void *ctx, pid_t tid)
{
	struct adoption *adoption = ctx;
	char what[64];
	FILE *list;
	int child;

	snprintf(what, sizeof(what), "task/%d/children", tid);
	list = proc_open(adoption->parent, what);
	while (list && !adoption->err && fscanf(list, "%d", &child) == 1)
		adoption->err = adopt(adoption->session, child, adoption->parent);
	if (list)
		fclose(list);
	return !adoption->err;
}

static int adopt_of(struct session *session, pid_t pid)
{
	struct adoption adoption = {.session = session, .parent = pid};

	proc_each_thread(pid, adopt_of_thread, &adoption);
	return adoption.err;
}

/* A process is a target before its children are listed: one that it forks meanwhile is found by on_fork. */
int children_adopt(struct session *session)
{
	size_t i;
	int err = 0;

	if (!session->children)
		return 0;
	if (!bpf_program__autoload(session->skel->progs.on_fork))
		session_note(session, "this kernel does not tell when a process forks: only children that were there already are followed");
	if (session->has_function_probes)
		session_note(session, "functions of --section are timed in the processes that were given, not in their children");
	for (i = 0; i < session->nr_targets && !err; i++)
		if (!session->targets[i].born_ns)
			err = adopt_of(session, session->targets[i].pid);
	return err;
}

/* ---- markers ---- */

int children_attach(struct session *session, const struct marker *marker, const struct uprobe_place *place)
{
	struct children *children = session->children;
	struct uprobe_place everywhere = *place;
	size_t i;

	for (i = 0; i < children->nr_probed; i++) {
		if (children->probed[i].dev != marker->dev || children->probed[i].ino != marker->ino)
			continue;
		children->probed_ns = children->probed[i].since_ns;
		return 0;
	}
	if (children->nr_probed == CHILDREN_COPIES)
		return fail(-E2BIG, "cannot attach to %s: more than %d copies of the markers", marker->path, CHILDREN_COPIES);
	everywhere.pid = UPROBE_EVERY_PROCESS;
	children->links[children->nr_probed] = uprobe_attach(session->skel->progs.on_flush, &everywhere);
	if (!children->links[children->nr_probed])
		return -errno;
	children->probed[children->nr_probed].dev = marker->dev;
	children->probed[children->nr_probed].ino = marker->ino;
	children->probed[children->nr_probed++].since_ns = children->probed_ns = clock_now_ns();
	return 0;
}

/* An image that a child has executed is ours from its start on; what it began and ended before it was probed it has not timed. */
static int count_unseen(void *ctx, __u64 address, const struct dcbs_record *r)
{
	unsigned int i, left = DCBS_SLOTS;
	struct children *children = ctx;
	__u64 seen = r->head;

	(void)address;
	for (i = r->innermost; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		seen++;
	if (r->use / DCBS_USE_SERIAL > seen)
		children->unseen += r->use / DCBS_USE_SERIAL - seen;
	return 0;
}

static void look_for_markers(struct session *session, struct target *target, __u64 now)
{
	int found;

	if (target->state || now < target->look_ns)
		return;
	found = attach_target(session, target);
	if (found < 0 && !kill(target->pid, 0))
		session_note(session, "%s", dcbs_profiler_error());
	if (found > 0 && target->execs && target->exec_ns < session->children->probed_ns)
		target_each_record(target, count_unseen, session->children);
	target->look_ns = now + SOON_NS + (now - target->exec_ns) / 4;
}

static void look_at(struct session *session, struct target *target, const struct process *process, __u64 now)
{
	if (process->execs != target->execs) {
		target->exec_ns = target->look_ns = now;
		session_renew(session, target, process->execs);
	}
	look_for_markers(session, target, now);
}

__u64 children_due(const struct session *session, __u64 next)
{
	size_t i;

	for (i = 0; session->children && i < session->nr_targets; i++) {
		const struct target *target = &session->targets[i];

		if (!target->parent)
			continue;
		if (session->processes[i].ended_ns && session->processes[i].ended_ns + TAIL_NS < next)
			next = session->processes[i].ended_ns + TAIL_NS;
		else if (!target->state && target->look_ns < next)
			next = target->look_ns;
	}
	return next;
}

/* ---- end ---- */

/* Its figures are kept, and its entry is free. */
static void child_ended(struct session *session, struct target *target)
{
	static const struct python_layout no_python;
	int targets = bpf_map__fd(session->skel->maps.targets);
	__u32 index;

	if (!bpf_map_lookup_elem(targets, &target->pid, &index) && index == target->index)
		bpf_map_delete_elem(targets, &target->pid);
	shares_keep(session, target);
	bpf_map_update_elem(bpf_map__fd(session->skel->maps.pythons), &target->index, &no_python, BPF_ANY);
	memset(&session->processes[target->index], 0, sizeof(struct process));
	symbols_close(target->symbols);
	uprobe_detach(target->marker_link);
	uprobe_detach(target->seldom_link);
	target_close(target);
	index = target->index;
	memset(target, 0, sizeof(*target));
	give_back(session, index);
}

/* ---- polling ---- */

/* For two looks: its last thread may be about to leave its CPU, which is told then. */
static bool is_gone(struct target *target)
{
	bool before = target->gone;

	target->gone = kill(target->pid, 0) && errno == ESRCH;
	return before && target->gone;
}

static bool tail_is_over(const struct process *process)
{
	return process->ended_ns && clock_now_ns() - process->ended_ns > TAIL_NS;
}

/* By the BPF programs' word, the descriptor of one that was adopted, or, now and then, by its being there. */
static bool has_ended(struct target *target, const struct process *process, bool sweep)
{
	if (!target->parent)
		return false;
	return tail_is_over(process) || (!target->born_ns && target_ended(target)) || (sweep && is_gone(target));
}

/* Entries are taken from the lowest up, so all are among so many. */
static __u64 nr_entries(const struct session *session)
{
	__u64 n = session->nr_targets + (session->skel->bss->counters.processes - session->children->arrived);

	return n < BPFPROF_FOLLOWED ? n : BPFPROF_FOLLOWED;
}

void children_look(void *ctx)
{
	struct session *session = ctx;
	__u64 n = session->children ? nr_entries(session) : 0;
	__u32 i;

	for (i = 0; i < n; i++)
		if (session->processes[i].serial && session->processes[i].serial != session->targets[i].serial)
			child_arrived(session, i);
}

static bool any_ended(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_targets; i++)
		if (session->targets[i].pid && tail_is_over(&session->processes[i]))
			return true;
	return false;
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
	sweep = now - children->swept_ns > SWEEP_NS;
	if (sweep)
		children->swept_ns = now;
	children_look(session);
	if (any_ended(session))
		sampler_poll(session->sampler);
	for (i = 0; i < session->nr_targets; i++) {
		const struct process *process = &session->processes[i];
		struct target *target = &session->targets[i];

		if (!target->parent)
			continue;
		if (!process->ended_ns)
			look_at(session, target, process, now);
		if (has_ended(target, process, sweep))
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
	size_t i;

	if (!children)
		return;
	for (i = 0; i < children->nr_probed; i++)
		uprobe_detach(children->links[i]);
	ring_buffer__free(children->news);
	shares_forget(children);
	free(children);
	session->children = NULL;
}
