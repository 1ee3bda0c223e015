// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* process_facts.c - the processes of a snapshot, ended children included, and the part that each has of each section. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"
#include "collect/children/children_state.h"
#include "collect/children/process_facts.h"
#include "collect/kernel/stat_maps.h"
#include "collect/stats/process_sums.h"

/* Calls f(ctx, section_id, part) for each part of a section that the process has. take: removes them from the map. */
static void each_process_part(const struct programs *bpf, __u32 serial, bool take,
		      void (*f)(void *ctx, __u32 section_id, const struct process_part *part), void *ctx)
{
	int fd = bpf_map__fd(bpf->skel->maps.parts);
	size_t used = stat_maps_used(bpf);
	struct part_key key = {.serial = serial};
	struct process_part part;

	for (key.section_id = SECTION_OTHER; key.section_id < used; key.section_id++)
		if (!(take ? bpf_map_lookup_and_delete_elem(fd, &key, &part) : bpf_map_lookup_elem(fd, &key, &part)))
			f(ctx, key.section_id, &part);
}

/* ---- a child has ended ---- */

static void keep_child_part(void *ctx, __u32 section_id, const struct process_part *part)
{
	struct ended_child *ended = ctx;

	if (array_reserve(ended->parts, ended->nr_parts, ended->room, 1))
		ended->parts[ended->nr_parts++] = (struct child_part){section_id, *part};
}

static void drop_process_part(void *ctx, __u32 section_id, const struct process_part *part)
{
	(void)ctx, (void)section_id, (void)part;
}

/* Returns NULL if there are too many already, or no memory. */
static struct ended_child *new_ended_child(struct children *children)
{
	struct ended_child *ended;

	if (children->nr_ended == CHILDREN_SHOWN || !array_reserve(children->ended, children->nr_ended, children->room_ended, 1))
		return NULL;
	ended = &children->ended[children->nr_ended++];
	*ended = (struct ended_child){0};
	return ended;
}

/* Returns the names that a process has lost, less those that its parent had lost before the fork. */
static __u64 names_lost_since_fork(const struct target *target, __u64 names_lost)
{
	return names_lost > target->names_lost ? names_lost - target->names_lost : 0;
}

static void copy_end(struct snapshot_target *to, const struct process *process)
{
	if (process->ended_ns)
		to->ended_at = clock_unix_s(process->ended_ns);
	to->exit_known = process->exit_known;
	to->exit_code = process->exit_code;
}

static void keep_ended_child(struct session *session, struct target *target)
{
	const struct process *process = &session->bpf.processes[target->index];
	struct ended_child *ended = new_ended_child(session->children);

	if (!ended) {
		session->children->more_ended++;
		each_process_part(&session->bpf, target->serial, true, drop_process_part, NULL);
		return;
	}
	ended->facts = target->facts;
	if (process->comm[0])
		snprintf(ended->facts.comm, sizeof(ended->facts.comm), "%.*s", (int)sizeof(process->comm), process->comm);
	ended->facts.command = strdup(target->command);
	ended->facts.ended_at = clock_unix_s(clock_now_ns());
	copy_end(&ended->facts, process);
	ended->facts.names_lost = names_lost_since_fork(target, process->names_lost);
	each_process_part(&session->bpf, target->serial, true, keep_child_part, ended);
}

static void keep_threads_and_memory(struct session *session, struct target *target)
{
	static const struct process_sum none;
	const struct bpfprof *skel = session->bpf.skel;
	int sums = bpf_map__fd(skel->maps.process_sums), mms = bpf_map__fd(skel->maps.mms);
	struct children *children = session->children;
	struct process_sum sum;
	__u32 index;

	if (bpf_map_lookup_elem(sums, &target->index, &sum))
		return;
	array_add_counters(children->threads, sum.ended, sizeof(sum.ended));
	process_sums_add_rss(&session->bpf, target, &sum, true, &children->rss);
	if (!bpf_map_lookup_elem(mms, &sum.mm, &index) && index == target->index)
		bpf_map_delete_elem(mms, &sum.mm);
	bpf_map_update_elem(sums, &target->index, &none, BPF_ANY);
}

void process_facts_keep(struct session *session, struct target *target)
{
	keep_ended_child(session, target);
	keep_threads_and_memory(session, target);
}

/* ---- a snapshot ---- */

struct part_copy {
	struct snapshot *snap;
	const __u16 *section_index;
	__u32 target;
};

/* Returns the part of a section that a target has, added if it is new. Returns NULL if there is no memory. */
static struct snapshot_part *get_snapshot_part(struct snapshot *snap, __u32 target, __u16 section)
{
	size_t i;

	for (i = snap->nr_parts; i-- > 0;)
		if (snap->parts[i].target == target && snap->parts[i].section_id == section)
			return &snap->parts[i];
	if (!array_reserve(snap->parts, snap->nr_parts, snap->room_parts, 1))
		return NULL;
	snap->parts[snap->nr_parts] = (struct snapshot_part){.target = target, .section_id = section};
	return &snap->parts[snap->nr_parts++];
}

/* Several section ids may belong to one section of the snapshot, because their names are the same up to the end of the text. */
static void add_snapshot_part(void *ctx, __u32 section_id, const struct process_part *from)
{
	struct part_copy *copy = ctx;
	struct snapshot_part *to;
	__u16 section;

	assert(section_id < BPFPROF_SECTIONS);
	section = copy->section_index[section_id];
	to = section == SNAPSHOT_OUTSIDE ? NULL : get_snapshot_part(copy->snap, copy->target, section);
	if (!to)
		return;
	to->sum.count += from->count;
	to->sum.sum_ns += from->sum_ns;
	to->sum.total_ns += from->total_ns;
	to->sum.self_ns += from->self_ns;
}

void process_facts_add_open(struct snapshot *snap, const struct target *target, __u16 section, __u64 total_ns, __u64 self_ns)
{
	struct snapshot_part *to = snap->nr_targets > 1 ? get_snapshot_part(snap, target->shown_as, section) : NULL;

	if (!to)
		return;
	to->sum.total_ns += total_ns;
	to->sum.self_ns += self_ns;
}

static __u64 names_lost_now(const struct target *target, const struct process *process)
{
	struct dcbs_state state = {};

	if (target->state && !target->ended)
		target_read(target, target->state, &state, offsetof(struct dcbs_state, names));
	return state.names_lost > process->names_lost ? state.names_lost : process->names_lost;
}

static int copy_target_facts(struct session *session, struct part_copy *copy, struct target *target)
{
	const struct process *process = &session->bpf.processes[target->index];
	struct snapshot *snap = copy->snap;
	struct snapshot_target *to = &snap->targets[snap->nr_targets];

	if (target->parent && !target->execs)
		target_refresh_comm(target);
	*to = target->facts;
	copy_end(to, process);
	to->command = strdup(target->command);
	if (!to->command)
		return -ENOMEM;
	to->names_lost = names_lost_since_fork(target, names_lost_now(target, process));
	target->shown_as = copy->target = (__u32)snap->nr_targets++;
	if (!session->bpf.skel->rodata->one_target)
		each_process_part(&session->bpf, target->serial, false, add_snapshot_part, copy);
	return 0;
}

static void copy_ended_child(struct part_copy *copy, const struct ended_child *ended)
{
	struct snapshot_target *to = &copy->snap->targets[copy->snap->nr_targets];
	size_t i;

	*to = ended->facts;
	to->command = ended->facts.command ? strdup(ended->facts.command) : NULL;
	copy->target = (__u32)copy->snap->nr_targets++;
	for (i = 0; i < ended->nr_parts; i++)
		add_snapshot_part(copy, ended->parts[i].section_id, &ended->parts[i].part);
}

static bool is_shown_target(const struct target *target, const struct snapshot *snap)
{
	return target->pid && target->born_ns <= snap->end_ns;
}

int process_facts_copy(struct session *session, struct snapshot *snap, const __u16 *section_index)
{
	struct part_copy copy = {.snap = snap, .section_index = section_index};
	const struct children *children = session->children;
	struct target_list *targets = &session->targets;
	size_t i, nr_ended = children ? children->nr_ended : 0;
	int err = 0;

	snap->targets = calloc(targets->nr + nr_ended + 1, sizeof(*snap->targets));
	if (!snap->targets)
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < targets->nr && !err; i++)
		if (is_shown_target(&targets->list[i], snap))
			err = copy_target_facts(session, &copy, &targets->list[i]);
	for (i = 0; i < nr_ended && !err; i++)
		copy_ended_child(&copy, &children->ended[i]);
	if (children) {
		snap->more_targets = children->more_ended;
		snap->unseen = children->unseen;
	}
	return err ? fail(err, "out of memory") : 0;
}

/* ---- end ---- */

void process_facts_clear(struct session *session)
{
	size_t i;

	for (i = 0; i < session->targets.nr; i++)
		if (session->targets.list[i].pid)
			each_process_part(&session->bpf, session->targets.list[i].serial, true, drop_process_part, NULL);
	process_facts_forget_children(session->children);
}

void process_facts_forget_children(struct children *children)
{
	size_t i;

	if (!children)
		return;
	for (i = 0; i < children->nr_ended; i++) {
		free(children->ended[i].facts.command);
		free(children->ended[i].parts);
	}
	free(children->ended);
	children->ended = NULL;
	children->nr_ended = children->room_ended = children->more_ended = children->unseen = 0;
}
