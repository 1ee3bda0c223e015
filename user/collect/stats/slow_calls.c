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

/* ---- looks ---- */

static __u32 calls_kept(const struct programs *bpf)
{
	return bpf->skel->rodata->slow_kept;
}

static int make_room(struct slow_calls *slow, size_t nr)
{
	struct looked_up_call *looked_up;
	struct slow_call *calls;

	if (nr <= slow->nr)
		return 0;
	calls = realloc(slow->calls, nr * sizeof(*calls));
	if (!calls)
		return fail(-ENOMEM, "out of memory");
	slow->calls = calls;
	looked_up = realloc(slow->looked_up, nr * sizeof(*looked_up));
	if (!looked_up)
		return fail(-ENOMEM, "out of memory");
	slow->looked_up = looked_up;
	memset(looked_up + slow->nr, 0, (nr - slow->nr) * sizeof(*looked_up));
	slow->nr = nr;
	return 0;
}

/* Entries beyond `nr` that the kernel did not read are empty. */
static int read_calls(struct slow_calls *slow, const struct programs *bpf)
{
	__u32 nr = (__u32)stat_maps_used(bpf) * calls_kept(bpf), out, *keys;
	int err = make_room(slow, nr);

	if (err)
		return err;
	memset(slow->calls, 0, slow->nr * sizeof(*slow->calls));
	keys = malloc((nr + 1) * sizeof(*keys));
	if (!keys)
		return fail(-ENOMEM, "out of memory");
	bpf_map_lookup_batch(bpf_map__fd(bpf->skel->maps.slow_calls), NULL, &out, keys, slow->calls, &nr, NULL);
	free(keys);
	return 0;
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

static int look_at_all(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler)
{
	__u32 kept = calls_kept(bpf);
	int err = read_calls(slow, bpf);
	size_t i;

	for (i = 0; i < slow->nr && !err; i++)
		if (is_whole(&slow->calls[i]))
			look_up(&slow->looked_up[i], &slow->calls[i], sampler, (__u16)(i / kept));
	return err;
}

void slow_calls_look(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler)
{
	__u64 now = clock_now_ns();

	if (now < slow->due_ns)
		return;
	slow->due_ns = now + LOOK_NS;
	look_at_all(slow, bpf, sampler);
}

/* ---- snapshot ---- */

static int compare_calls(const void *a, const void *b)
{
	const struct snapshot_slow_call *x = a, *y = b;

	if (x->call.ns != y->call.ns)
		return x->call.ns < y->call.ns ? 1 : -1;
	return x->call.end_ns < y->call.end_ns ? -1 : x->call.end_ns > y->call.end_ns;
}

/* Several section ids may have one name, so the longest calls of all of them are kept. */
static int add_calls(struct snapshot_section *s, const struct slow_calls *slow, size_t first, __u32 kept, size_t wanted)
{
	struct snapshot_slow_call *list = realloc(s->slow, (s->nr_slow + kept) * sizeof(*list));
	size_t i;

	if (!list)
		return fail(-ENOMEM, "out of memory");
	s->slow = list;
	for (i = first; i < first + kept && i < slow->nr; i++)
		if (is_whole(&slow->calls[i]))
			list[s->nr_slow++] = (struct snapshot_slow_call){slow->calls[i], slow->looked_up[i].stack};
	qsort(list, s->nr_slow, sizeof(*list), compare_calls);
	if (s->nr_slow > wanted)
		s->nr_slow = wanted;
	return 0;
}

int slow_calls_add(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler, size_t wanted,
		   struct snapshot *snap, const __u16 *section_index)
{
	__u32 kept = calls_kept(bpf);
	size_t id;
	int err = look_at_all(slow, bpf, sampler);

	for (id = SECTION_OTHER; id < BPFPROF_SECTIONS && !err; id++)
		if (section_index[id] < snap->nr_sections)
			err = add_calls(snap->sections[section_index[id]], slow, id * kept, kept, wanted);
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
	free(slow->calls);
	free(slow->looked_up);
	*slow = (struct slow_calls){0};
}
