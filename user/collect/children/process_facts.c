// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* process_facts.c - the processes of a snapshot and what each has of each section, those included that have ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/children/children_impl.h"
#include "collect/stats/read_ledgers.h"
#include "collect/children/process_facts.h"
#include "base/error.h"

/* Calls f(ctx, section_id, share) for each that the process has; take: and removes them. */
static void each_share(const struct session *session, __u32 serial, bool take,
		       void (*f)(void *ctx, __u32 section_id, const struct process_part *share), void *ctx)
{
	int fd = bpf_map__fd(session->skel->maps.parts);
	size_t used = stat_maps_used(session);
	struct part_key key = {.serial = serial};
	struct process_part share;

	for (key.section_id = SECTION_OTHER; key.section_id < used; key.section_id++)
		if (!(take ? bpf_map_lookup_and_delete_elem(fd, &key, &share) : bpf_map_lookup_elem(fd, &key, &share)))
			f(ctx, key.section_id, &share);
}

/* ---- a child has ended ---- */

static void keep_share(void *ctx, __u32 section_id, const struct process_part *share)
{
	struct ended_child *ended = ctx;
	struct child_part *grown = realloc(ended->shares, (ended->nr_parts + 1) * sizeof(*grown));

	if (!grown)
		return;
	ended->shares = grown;
	grown[ended->nr_parts++] = (struct child_part){section_id, *share};
}

static void drop_share(void *ctx, __u32 section_id, const struct process_part *share)
{
	(void)ctx, (void)section_id, (void)share;
}

/* The array, with room for one more than its `nr`: it is full at each power of two. NULL: no memory, it is as it was. */
static void *room_for_more(void *array, size_t nr, size_t size)
{
	return nr & (nr - 1) ? array : realloc(array, (nr ? 2 * nr : 1) * size);
}

/* NULL: there are too many already. */
static struct ended_child *new_ended(struct children *children)
{
	struct ended_child *grown;

	if (children->nr_ended == CHILDREN_SHOWN)
		return NULL;
	grown = room_for_more(children->ended, children->nr_ended, sizeof(*grown));
	if (!grown)
		return NULL;
	children->ended = grown;
	grown = &children->ended[children->nr_ended++];
	memset(grown, 0, sizeof(*grown));
	return grown;
}

/* Without what is the parent's. */
static __u64 names_lost_since(const struct target *target, __u64 names_lost)
{
	return names_lost > target->names_lost ? names_lost - target->names_lost : 0;
}

static void keep_child(struct session *session, struct target *target)
{
	const struct process *process = &session->processes[target->index];
	struct ended_child *ended = new_ended(session->children);

	if (!ended) {
		session->children->more_ended++;
		each_share(session, target->serial, true, drop_share, NULL);
		return;
	}
	ended->facts = target->facts;
	if (process->comm[0])
		snprintf(ended->facts.comm, sizeof(ended->facts.comm), "%.*s", (int)sizeof(process->comm), process->comm);
	ended->facts.command = strdup(target->command);
	ended->facts.ended_at = clock_unix_s(process->ended_ns ?: clock_now_ns());
	ended->facts.names_lost = names_lost_since(target, process->names_lost);
	each_share(session, target->serial, true, keep_share, ended);
}

static void add_threads(struct thread_sum *to, const struct thread_sum *from)
{
	const __u64 *add = (const __u64 *)from;
	__u64 *sum = (__u64 *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*sum); i++)
		sum[i] += add[i];
}

static void keep_sums(struct session *session, struct target *target)
{
	static const struct process_sum none;
	int sums = bpf_map__fd(session->skel->maps.process_sums), mms = bpf_map__fd(session->skel->maps.mms);
	struct children *children = session->children;
	struct process_sum sum;
	__u32 index;

	if (bpf_map_lookup_elem(sums, &target->index, &sum))
		return;
	add_threads(&children->threads, &sum.ended);
	add_threads(&children->idle, &sum.ended_idle);
	ledger_add_rss(session, target, &sum, true, &children->rss);
	if (!bpf_map_lookup_elem(mms, &sum.mm, &index) && index == target->index)
		bpf_map_delete_elem(mms, &sum.mm);
	bpf_map_update_elem(sums, &target->index, &none, BPF_ANY);
}

/* The child has ended: what it has in the maps is taken out of them and kept. */
void shares_keep(struct session *session, struct target *target)
{
	keep_child(session, target);
	keep_sums(session, target);
}

/* ---- a snapshot ---- */

struct copy {
	struct snapshot *snap;
	const __u16 *section_index;
	__u32 target;
};

/* One more, of zeros. NULL: no memory. */
static struct snapshot_part *new_share(struct snapshot *snap, __u32 target, __u16 section_id)
{
	struct snapshot_part *grown;

	grown = room_for_more(snap->shares, snap->nr_parts, sizeof(*grown));
	if (!grown)
		return NULL;
	snap->shares = grown;
	grown = &snap->shares[snap->nr_parts++];
	*grown = (struct snapshot_part){.target = target, .section_id = section_id};
	return grown;
}

/* Rows of one name become one. */
static struct snapshot_part *find_share(struct snapshot *snap, __u32 target, __u16 section_id)
{
	size_t i;

	for (i = snap->nr_parts; i-- > 0;)
		if (snap->shares[i].target == target && snap->shares[i].section_id == section_id)
			return &snap->shares[i];
	return new_share(snap, target, section_id);
}

static void add_share(void *ctx, __u32 section_id, const struct process_part *from)
{
	struct copy *copy = ctx;
	__u16 index = copy->section_index[section_id];
	struct snapshot_part *to = index == SNAPSHOT_OUTSIDE ? NULL : find_share(copy->snap, copy->target, index);

	if (!to)
		return;
	to->sum.count += from->count;
	to->sum.sum_ns += from->sum_ns;
	to->sum.total_ns += from->total_ns;
	to->sum.self_ns += from->self_ns;
}

void shares_add_open(struct snapshot *snap, const struct target *target, __u16 section_id, __u64 total_ns, __u64 self_ns)
{
	struct snapshot_part *to = snap->nr_targets > 1 ? find_share(snap, target->shown_as, section_id) : NULL;

	if (!to)
		return;
	to->sum.total_ns += total_ns;
	to->sum.self_ns += self_ns;
}

static int copy_target(struct session *session, struct copy *copy, struct target *target)
{
	const struct process *process = &session->processes[target->index];
	struct snapshot *snap = copy->snap;
	struct snapshot_target *to = &snap->targets[snap->nr_targets];
	struct dcbs_state state = {};

	if (target->parent && !target->execs)
		target_refresh_comm(target);
	*to = target->facts;
	if (process->ended_ns)
		to->ended_at = clock_unix_s(process->ended_ns);
	to->command = strdup(target->command);
	if (!to->command)
		return -ENOMEM;
	if (target->state && !target->ended)
		target_read(target, target->state, &state, offsetof(struct dcbs_state, names));
	to->names_lost = names_lost_since(target, state.names_lost > process->names_lost ? state.names_lost : process->names_lost);
	target->shown_as = copy->target = (__u32)snap->nr_targets++;
	if (!session->skel->rodata->only_tgid)
		each_share(session, target->serial, false, add_share, copy);
	return 0;
}

static void copy_ended(struct copy *copy, const struct ended_child *ended)
{
	struct snapshot_target *to = &copy->snap->targets[copy->snap->nr_targets];
	__u32 i;

	*to = ended->facts;
	to->command = ended->facts.command ? strdup(ended->facts.command) : NULL;
	copy->target = (__u32)copy->snap->nr_targets++;
	for (i = 0; i < ended->nr_parts; i++)
		add_share(copy, ended->shares[i].section_id, &ended->shares[i].sum);
}

static bool is_shown(const struct target *target, const struct snapshot *snap)
{
	return target->pid && target->born_ns <= snap->end_ns;
}

int shares_copy(struct session *session, struct snapshot *snap, const __u16 *section_index)
{
	struct copy copy = {.snap = snap, .section_index = section_index};
	const struct children *children = session->children;
	size_t i, nr_ended = children ? children->nr_ended : 0;
	int err = 0;

	snap->targets = calloc(session->nr_targets + nr_ended + 1, sizeof(*snap->targets));
	if (!snap->targets)
		return fail(-ENOMEM, "out of memory");
	for (i = 0; i < session->nr_targets && !err; i++)
		if (is_shown(&session->targets[i], snap))
			err = copy_target(session, &copy, &session->targets[i]);
	for (i = 0; i < nr_ended && !err; i++)
		copy_ended(&copy, &children->ended[i]);
	if (children) {
		snap->more_targets = children->more_ended;
		snap->unseen = children->unseen;
	}
	return err ? fail(err, "out of memory") : 0;
}

void shares_clear(struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_targets; i++)
		if (session->targets[i].pid)
			each_share(session, session->targets[i].serial, true, drop_share, NULL);
	shares_forget(session->children);
}

void shares_forget(struct children *children)
{
	size_t i;

	if (!children)
		return;
	for (i = 0; i < children->nr_ended; i++) {
		free(children->ended[i].facts.command);
		free(children->ended[i].shares);
	}
	free(children->ended);
	children->ended = NULL;
	children->nr_ended = children->more_ended = children->unseen = 0;
}
