// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sub_gils.c - the GILs of sub-interpreters that have one of their own. */
#include <assert.h>
#include <stdbool.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/python/sub_gils.h"

#define INTERPRETERS 256	/* that are looked at */
#define REREAD_NS 1000000000ULL	/* the list is read again although its head is the same: an older one may have ended */
#define GIL_BYTES 208		/* of struct _gil_runtime_state, in 3.12 to 3.14 */
#define GIL_LOCKS 24		/* where its mutexes and conditions begin */
#define PIECE 64		/* bytes for each key, see gil_key() */

static bool read_word(const struct target *target, __u64 address, __u64 *word)
{
	return !target_read(target, address, word, sizeof(*word));
}

static bool list_has(const struct sub_gils *gils, __u64 gil)
{
	__u32 i;

	for (i = 0; i < gils->nr; i++)
		if (gils->list[i] == gil)
			return true;
	return false;
}

/* The GIL that interpreters share lies in _PyRuntime. */
static bool is_shared(const struct target *target, __u64 gil)
{
	const volatile struct process *process = target->process;

	return gil - process->gil_start < process->gil_end - process->gil_start;
}

static void read_list(struct sub_gils *fresh, const struct target *target, const struct python_layout *layout)
{
	__u64 interpreter = fresh->head, gil;
	int i;

	for (i = 0; interpreter && i < INTERPRETERS && fresh->nr < SUB_GILS_MAX; i++) {
		if (!read_word(target, interpreter + layout->interpreter_gil, &gil))
			return;
		if (gil && !is_shared(target, gil) && !list_has(fresh, gil))
			fresh->list[fresh->nr++] = gil;
		if (!read_word(target, interpreter + layout->interpreter_next, &interpreter))
			return;
	}
}

static void change_keys(const struct target *target, __u64 gil, int map, bool add)
{
	__u64 at, key;
	__u32 one = 1;

	for (at = (gil + GIL_LOCKS) & ~(PIECE - 1ULL); at < gil + GIL_BYTES; at += PIECE) {
		key = gil_key(target->index, at);
		if (add)
			bpf_map_update_elem(map, &key, &one, BPF_ANY);
		else
			bpf_map_delete_elem(map, &key);
	}
}

static void publish(struct target *target, volatile struct process *process, const struct sub_gils *fresh, int map)
{
	struct sub_gils *gils = &target->sub_gils;
	__u32 i;

	for (i = 0; i < gils->nr; i++)
		if (!list_has(fresh, gils->list[i]))
			change_keys(target, gils->list[i], map, false);
	for (i = 0; i < fresh->nr; i++)
		if (!list_has(gils, fresh->list[i]))
			change_keys(target, fresh->list[i], map, true);
	process->sub_gils = fresh->nr;
	*gils = *fresh;
}

void sub_gils_poll(struct target *target, volatile struct process *process, const struct python_layout *layout, int map)
{
	struct sub_gils *gils = &target->sub_gils, fresh = {.read_ns = clock_now_ns()};

	if (!layout->minor || !layout->interpreter_gil || !target->process->gil_end ||
	    !read_word(target, layout->runtime + layout->interpreters_head, &fresh.head))
		return;
	if (gils->read_ns && fresh.head == gils->head && fresh.read_ns - gils->read_ns < REREAD_NS)
		return;
	read_list(&fresh, target, layout);
	assert(fresh.nr <= SUB_GILS_MAX);
	publish(target, process, &fresh, map);
}

void sub_gils_forget(struct target *target, volatile struct process *process, int map)
{
	const struct sub_gils none = {0};

	publish(target, process, &none, map);
}
