/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* section_ids.bpf.h - maps the names of sections to section ids, which are the same for all targets. */
#ifndef BPF_STATE_SECTION_IDS_H
#define BPF_STATE_SECTION_IDS_H

#include "state/maps.bpf.h"

static __always_inline u32 section_id_find(struct section_name *name)
{
	u32 *found = bpf_map_lookup_elem(&section_ids, name);

	return found ? *found : SECTION_NONE;
}

/*
 * Makes a section_id for a new name. If another CPU makes one too, its section_id is used and ours stays empty.
 * Returns 0 if the kernel could not do so now.
 */
static __always_inline u32 section_id_make(struct section_name *name)
{
	u32 section_id = __sync_fetch_and_add(&counters.section_ids_used, 1);
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);

	if (!stat) {
		__sync_fetch_and_add(&counters.lost_section_ids, 1);
		return SECTION_OTHER;
	}
	if (bpf_map_update_elem(&section_ids, name, &section_id, BPF_NOEXIST))
		return section_id_find(name);
	stat->kind = name->kind;
	bpf_map_update_elem(&section_names, &section_id, name, BPF_ANY);
	return section_id;
}

/* Reads a name that is used in this process for the first time, while the target's table is there to be read. */
static __always_inline u32 section_id_of_name(struct process *process, u64 state, u32 id, struct section_name *name)
{
	u64 address = state + __builtin_offsetof(struct dcbs_state, names) + id * sizeof(struct dcbs_name);
	u32 section_id;

	if (id >= DCBS_NAMES)
		return SECTION_OTHER;
	if (id == DCBS_NAME_OTHER) {
		bpf_probe_read_user(&process->names_lost, sizeof(process->names_lost),
				    (void *)(state + __builtin_offsetof(struct dcbs_state, names_lost)));
		return SECTION_OTHER;
	}
	name->kind = 0;
	__builtin_memset(name->text, 0, sizeof(name->text));	/* the map hashes all bytes, so those behind the end must be 0 */
	if (bpf_probe_read_user_str(name->text, sizeof(name->text), (void *)address) < 0 ||
	    bpf_probe_read_user(&name->kind, 1, (void *)(address + __builtin_offsetof(struct dcbs_name, kind)))) {
		__sync_fetch_and_add(&counters.lost_names, 1);
		return SECTION_OTHER;	/* not stored: the next event tries again */
	}
	name->text[sizeof(name->text) - 1] = 0;
	section_id = section_id_find(name) ?: section_id_make(name);
	if (!section_id) {
		__sync_fetch_and_add(&counters.lost_names, 1);
		return SECTION_OTHER;
	}
	if (name->kind >= DCBS_NAME_FORWARD)
		section_id |= SECTION_MODEL;
	process->section_id[id] = section_id;
	return section_id;
}

/*
 * Looks up the thread's storage itself, because Linux 6.1 accepts a map's key in task storage only if it knows
 * that it is there.
 */
__weak __noinline u32 section_id_of(struct process *process, u64 state, u32 id)
{
	struct ring_reader *reader = bpf_task_storage_get(&ring_readers, bpf_get_current_task_btf(), NULL, 0);

	if (!process || !reader)
		return SECTION_OTHER;
	return section_id_of_name(process, state, id, &reader->name);
}

#endif
