// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* open_calls.c - adds the calls of --section functions that are still open to a snapshot, and counts those that ended unseen. */
#include <bpf/bpf.h>

#include "collect/children/process_facts.h"
#include "collect/stats/open_calls.h"

struct open_call_walk {
	struct session *session;
	struct snapshot *snap;
	const __u16 *section_index;
	const struct thread_view *views;
	size_t nr_views;
};

/*
 * Returns true if a call has ended in an off-period, in which ends are not seen: its thread's own stack has shrunk past it. The
 * thread did not run at the end of the window, when the views were taken.
 */
static bool ended_in_off_period(const struct open_call_walk *walk, const struct call_key *key, const struct open_call *call)
{
	const struct throttle *t = &walk->session->bpf.skel->bss->throttle;
	size_t i;

	if (!(call->flags & OPEN_CALL_OWN_STACK) || (t->calls_off == CALLS_ON && call->generation == t->calls_generation &&
						     call->flags & OPEN_CALL_OBSERVED))
		return false;
	for (i = 0; i < walk->nr_views; i++)
		if (walk->views[i].kernel_tid == call->tid)
			return walk->views[i].own_sp > key->sp;
	return false;
}

/* A call that an exception or longjmp() has ended is still in the map. Its return address is usually gone from the stack. */
static bool is_still_open(const struct open_call_walk *walk, const struct target *target, const struct call_key *key,
			  const struct open_call *call)
{
	__u64 address;

	if (call->flags & OPEN_CALL_ENDED_LATE)
		return true;
	if (target->ended || ended_in_off_period(walk, key, call))
		return false;
	return !call->return_address || target_read(target, key->sp, &address, sizeof(address)) || address == call->return_address;
}

static void add_open_call(const struct open_call_walk *walk, const struct call_key *key, const struct open_call *call)
{
	const struct target *target = target_list_find_tgid(&walk->session->targets, key->tgid);
	__u16 section = call->section_id < BPFPROF_SECTIONS ? walk->section_index[call->section_id] : SNAPSHOT_OUTSIDE;
	struct snapshot *snap = walk->snap;
	struct section_stat *stat;
	__u64 ns, total, self;

	if (call->generation < walk->session->bpf.skel->bss->throttle.calls_valid || !target || section == SNAPSHOT_OUTSIDE || call->start_ns > snap->end_ns || !is_still_open(walk, target, key, call))
		return;
	ns = snap->end_ns - call->start_ns;
	total = call->recursive ? 0 : ns;
	self = call->inner_ns < ns ? ns - call->inner_ns : 0;
	snap->sections[section]->open++;
	stat = &snap->sections[section]->stat;
	if (!(call->flags & OPEN_CALL_OBSERVED))
		return;
	stat->total_ns += total;
	stat->self_ns += self;
	process_facts_add_open(snap, target, section, total, self);
}

/* The next key is fetched first, because the call may end meanwhile. */
static void each_open_call(const struct open_call_walk *walk)
{
	int fd = bpf_map__fd(walk->session->bpf.skel->maps.calls), left = BPFPROF_OPEN_CALLS;
	struct call_key key, next;
	struct open_call call;
	bool more = !bpf_map_get_next_key(fd, NULL, &key);

	for (; more && left--; key = next) {
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!bpf_map_lookup_elem(fd, &key, &call))
			add_open_call(walk, &key, &call);
	}
}

/* A call that began and is not open any more has ended. The programs have timed it, or it ended unseen. */
static void count_unreturned(struct snapshot *snap)
{
	size_t i;

	for (i = 0; i < snap->nr_sections; i++) {
		struct snapshot_section *section = snap->sections[i];
		__u64 accounted = section->stat.count + section->open;

		if (section->stat.begun > accounted && !section->stat.sampled)
			section->unreturned = section->stat.begun - accounted;
	}
}

void open_calls_add(struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views,
		    const __u16 *section_index)
{
	const struct open_call_walk walk = {
		.session = session, .snap = snap, .section_index = section_index, .views = views, .nr_views = nr_views,
	};

	if (!session->bpf.probe_functions)
		return;
	each_open_call(&walk);
	count_unreturned(snap);
}

void open_calls_clear(const struct programs *bpf)
{
	int fd = bpf->probe_functions ? bpf_map__fd(bpf->skel->maps.calls) : -1, left = BPFPROF_OPEN_CALLS;
	struct call_key key;

	while (fd >= 0 && left-- && !bpf_map_get_next_key(fd, NULL, &key))
		bpf_map_delete_elem(fd, &key);
}
