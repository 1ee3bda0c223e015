/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* process_parts.bpf.h - what each process has of a row, where there are several: the current one's is added to. */
#ifndef BPF_STATE_PROCESS_PARTS_H
#define BPF_STATE_PROCESS_PARTS_H

#include "state/maps.bpf.h"

static const struct share no_share = {};

/* In uprobe programs, too: see struct thread in maps.bpf.h for why there must be little on the stack. */
__weak __noinline int share_add(u32 row, u64 count, u64 sum_ns, u64 total_ns, u64 self_ns)
{
	struct process *process = process_of(bpf_get_current_task_btf());
	struct share_key key = {.row = row};
	struct share *share;

	if (!process || only_tgid)
		return 0;
	key.serial = process->serial;
	share = bpf_map_lookup_elem(&shares, &key);
	if (!share) {
		bpf_map_update_elem(&shares, &key, &no_share, BPF_NOEXIST);
		share = bpf_map_lookup_elem(&shares, &key);
	}
	if (!share) {
		__sync_fetch_and_add(&counters.lost_shares, 1);
		return 0;
	}
	__sync_fetch_and_add(&share->count, count);
	__sync_fetch_and_add(&share->sum_ns, sum_ns);
	__sync_fetch_and_add(&share->total_ns, total_ns);
	__sync_fetch_and_add(&share->self_ns, self_ns);
	return 0;
}

#endif
