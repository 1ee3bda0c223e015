// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* slow_calls.c - see slow_calls.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "collect/kernel/stat_maps.h"
#include "collect/stats/slow_calls.h"

#define LOOK_NS 500000000ULL
#define MOST_KEPT 50

/* ---- looks ---- */

static __u32 calls_kept(const struct programs *bpf)
{
	return bpf->skel->rodata->slow_kept;
}

static int make_room(struct slow_calls *slow, size_t nr)
{
	struct looked_up_call *list;

	if (nr <= slow->nr)
		return 0;
	list = realloc(slow->looked_up, nr * sizeof(*list));
	if (!list)
		return fail(-ENOMEM, "out of memory");
	memset(list + slow->nr, 0, (nr - slow->nr) * sizeof(*list));
	slow->looked_up = list;
	slow->nr = nr;
	return 0;
}

/* Copies the entries of a section id to calls[]. Those that cannot be read are empty. */
static void read_calls(struct slow_call *calls, const struct programs *bpf, __u32 id)
{
	__u32 kept = calls_kept(bpf), before = id * kept - 1, next, keys[MOST_KEPT], nr = kept;

	memset(calls, 0, kept * sizeof(*calls));
	bpf_map_lookup_batch(bpf_map__fd(bpf->skel->maps.slow_calls), id ? &before : NULL, &next, keys, calls, &nr, NULL);
}

/* A thread may be taking the entry now. */
static bool is_whole(const struct slow_call *call)
{
	return call->ns && call->check == (call->ns ^ call->end_ns) && call->ns <= call->end_ns;
}

/* In a coroutine, the thread's samples may be of other calls. */
static void look_up(struct looked_up_call *known, const struct slow_call *call, const struct sampler *sampler, __u16 section_id)
{
	if (known->end_ns == call->end_ns && known->tid == call->tid)
		return;
	*known = (struct looked_up_call){call->end_ns, call->tid, 0};
	if (sampler && !(call->flags & DCBS_IN_FLOW))
		known->stack = sampler_stack_in_call(sampler, call->tid, call->end_ns - call->ns, call->end_ns, section_id);
}

/* Reads the calls of a section id, and looks for their samples. */
static void look_at_section(struct slow_calls *slow, struct slow_call *calls, const struct programs *bpf, const struct sampler *sampler,
			    __u32 id)
{
	__u32 kept = calls_kept(bpf), i;

	read_calls(calls, bpf, id);
	for (i = 0; i < kept; i++)
		if (is_whole(&calls[i]))
			look_up(&slow->looked_up[id * kept + i], &calls[i], sampler, (__u16)id);
}

void slow_calls_look(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler)
{
	struct slow_call calls[MOST_KEPT];
	__u32 id, used = (__u32)stat_maps_used(bpf);
	__u64 now = clock_now_ns();

	if (now < slow->due_ns || make_room(slow, used * calls_kept(bpf)))
		return;
	slow->due_ns = now + LOOK_NS;
	for (id = SECTION_OTHER; id < used; id++)
		look_at_section(slow, calls, bpf, sampler, id);
}

/* ---- snapshot ---- */

static int compare_calls(const void *a, const void *b)
{
	const struct snapshot_slow_call *x = a, *y = b;

	if (x->call.ns != y->call.ns)
		return x->call.ns < y->call.ns ? 1 : -1;
	return x->call.end_ns < y->call.end_ns ? -1 : x->call.end_ns > y->call.end_ns;
}

static size_t count_whole(const struct slow_call *calls, __u32 kept)
{
	size_t n = 0;
	__u32 i;

	for (i = 0; i < kept; i++)
		n += is_whole(&calls[i]);
	return n;
}

/* Several section ids may have one name, so the longest calls of all of them are kept. */
static int add_calls(struct snapshot_section *s, const struct slow_call *calls, const struct looked_up_call *looked_up, __u32 kept,
		     size_t wanted)
{
	size_t more = count_whole(calls, kept);
	struct snapshot_slow_call *list = more ? realloc(s->slow, (s->nr_slow + more) * sizeof(*list)) : s->slow;
	__u32 i;

	if (more && !list)
		return fail(-ENOMEM, "out of memory");
	s->slow = list;
	for (i = 0; i < kept; i++)
		if (is_whole(&calls[i]))
			list[s->nr_slow++] = (struct snapshot_slow_call){calls[i], looked_up[i].stack};
	if (s->nr_slow)
		qsort(list, s->nr_slow, sizeof(*list), compare_calls);
	if (s->nr_slow > wanted)
		s->nr_slow = wanted;
	return 0;
}

int slow_calls_add(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler, size_t wanted,
		   struct snapshot *snap, const __u16 *section_index)
{
	__u32 kept = calls_kept(bpf), id, used = (__u32)stat_maps_used(bpf);
	struct slow_call calls[MOST_KEPT];
	int err = make_room(slow, used * kept);

	for (id = SECTION_OTHER; id < used && kept && !err; id++) {
		look_at_section(slow, calls, bpf, sampler, id);
		if (section_index[id] < snap->nr_sections)
			err = add_calls(snap->sections[section_index[id]], calls, &slow->looked_up[id * kept], kept, wanted);
	}
	return err;
}

void slow_calls_clear(struct slow_calls *slow, const struct programs *bpf)
{
	static const struct slow_call none;
	__u32 i, nr = (__u32)stat_maps_used(bpf) * calls_kept(bpf);

	for (i = 0; i < nr; i++)
		bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.slow_calls), &i, &none, BPF_ANY);
	slow_calls_free(slow);
}

void slow_calls_free(struct slow_calls *slow)
{
	free(slow->looked_up);
	*slow = (struct slow_calls){0};
}
