/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* process_parts.bpf.h - adds to the part that the current process has in a section, if several processes are profiled. */
#ifndef BPF_STATE_PROCESS_PARTS_H
#define BPF_STATE_PROCESS_PARTS_H

#include "state/maps.bpf.h"

static const struct process_part no_part = {};

/* Uprobe programs call it, too: it must use little stack, see struct ring_reader. */
__weak __noinline int part_add(u32 section_id, u64 count, u64 sum_ns, u64 total_ns, u64 self_ns)
{
	struct process *process = process_of(bpf_get_current_task_btf());
	struct part_key key = {.section_id = section_id};
	struct process_part *part;

	if (!process || one_target)
		return 0;
	key.serial = process->serial;
	part = bpf_map_lookup_elem(&parts, &key);
	if (!part) {
		bpf_map_update_elem(&parts, &key, &no_part, BPF_NOEXIST);
		part = bpf_map_lookup_elem(&parts, &key);
	}
	if (!part) {
		__sync_fetch_and_add(&counters.lost_parts, 1);
		return 0;
	}
	__sync_fetch_and_add(&part->count, count);
	__sync_fetch_and_add(&part->sum_ns, sum_ns);
	__sync_fetch_and_add(&part->total_ns, total_ns);
	__sync_fetch_and_add(&part->self_ns, self_ns);
	return 0;
}

#endif
