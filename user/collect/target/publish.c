// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* publish.c - stores for the BPF programs which process is a target, and where its records, names and interpreter are. */
#include <assert.h>
#include <stdio.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "collect/kernel/pid_numbers.h"
#include "collect/kernel/section_ids.h"
#include "collect/python/interpreter.h"
#include "collect/target/publish.h"

/* A process that has not ended after its number was found had that number all the time. */
int publish_find_number(const struct programs *bpf, struct target *target)
{
	int err = pid_numbers_find(bpf, target->pid, &target->tgid);

	if (!err && target_is_gone(target))
		err = fail(-ESRCH, "process %d has ended", target->pid);
	if (err)
		target_close(target);
	return err;
}

void publish_process(struct programs *bpf, struct target *target)
{
	struct process *process = &bpf->processes[target->index];

	*process = (struct process){.pid = (__u32)target->pid, .tgid = target->tgid, .index = target->index, .serial = target->serial};
	target->process = process;
	bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.targets), &target->tgid, &target->index, BPF_ANY);
	if (bpf->skel->rodata->one_target)
		bpf->skel->bss->only_tgid = target->tgid;
}

void publish_end(const struct programs *bpf, const struct target *target)
{
	int targets = bpf_map__fd(bpf->skel->maps.targets);
	__u32 index;

	if (!bpf_map_lookup_elem(targets, &target->tgid, &index) && index == target->index)
		bpf_map_delete_elem(targets, &target->tgid);
}

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
