// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* publish.c - stores for the BPF programs where the records, names and interpreter of a target are. */
#include <assert.h>
#include <stdio.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "collect/kernel/section_ids.h"
#include "collect/python/interpreter.h"
#include "collect/target/publish.h"

struct baselines {
	int map;
	__u64 *missed;
};

/* Counters of a record that are not 0 when the profiler attaches count losses before that. */
static int publish_baseline(void *ctx, __u64 address, const struct dcbs_record *record)
{
	struct baseline base = {record->too_deep, record->unmatched};
	struct baselines *baselines = ctx;

	if ((base.too_deep || base.unmatched) && bpf_map_update_elem(baselines->map, &address, &base, BPF_ANY))
		++*baselines->missed;
	return 0;
}

/* Names that the target has registered so far get their ids here. The BPF programs look up only names that come later. */
static void publish_names(struct programs *bpf, const struct target *target, __u32 used)
{
	volatile struct process *process = &bpf->processes[target->index];
	__u32 name_id, id;

	for (name_id = DCBS_NAME_OTHER + 1; name_id < used && name_id < DCBS_NAMES; name_id++) {
		__u64 address = target->state + offsetof(struct dcbs_state, names) + name_id * sizeof(struct dcbs_name);
		struct section_name key = {};
		struct dcbs_name name;

		if (target_read(target, address, &name, sizeof(name)) || !name.kind)
			continue;
		snprintf(key.text, sizeof(key.text), "%.*s", (int)sizeof(name.text), name.text);
		key.kind = name.kind;
		id = section_ids_reserve(bpf, &key);
		assert(id < BPFPROF_SECTIONS);
		if (id)
			process->section_id[name_id] = (__u16)(id | (key.kind >= DCBS_NAME_FORWARD ? SECTION_MODEL : 0));
	}
}

/*
 * A child whose fork was observed has no losses from before, and the BPF programs look up its names. The offset is stored
 * last, because from then on the BPF programs read the target's records.
 */
int publish_markers(struct programs *bpf, const struct target *target, __u64 *baselines_missed)
{
	struct baselines baselines = {bpf_map__fd(bpf->skel->maps.baselines), baselines_missed};
	volatile struct process *process = &bpf->processes[target->index];
	struct dcbs_state state;
	int err;

	err = target_read(target, target->state, &state, offsetof(struct dcbs_state, names));
	if (err)
		return fail(err, "process %d has ended while it was being attached to", target->pid);
	if (!target->born_ns) {
		publish_names(bpf, target, state.names_used);
		target_each_record(target, publish_baseline, &baselines);
	}
	process->tls_offset = state.tls_offset;
	return 0;
}

void publish_python(struct programs *bpf, const struct target *target)
{
	volatile struct process *process = &bpf->processes[target->index];
	__u64 start, end;

	if (interpreter_runtime(target->pid, &start, &end) || target_is_gone(target))
		start = end = 0;
	process->gil_start = start;
	process->gil_end = end;
}
