// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* flush.bpf.c - the marker's probe: a thread flushes the sections that it has finished. */
#define READ_IN_STEPS 4
#include "state/read_ring.bpf.h"

/*
 * Finds the offset of the record pointer in a process that has loaded the markers after we attached, or has
 * executed another image. It is accepted if it is right for this thread.
 */
static __always_inline void learn_tls_offset(struct task_struct *task, struct process *process, u64 record)
{
	u64 state = 0, found = 0;
	s64 offset = 0;

	bpf_probe_read_user(&state, sizeof(state), (void *)(record + __builtin_offsetof(struct dcbs_record, state)));
	bpf_probe_read_user(&offset, sizeof(offset), (void *)(state + __builtin_offsetof(struct dcbs_state, tls_offset)));
	bpf_probe_read_user(&found, sizeof(found), (void *)(thread_pointer(task) + offset));
	if (found == record)
		process->tls_offset = offset;
}

SEC("uprobe")
int on_flush(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	u64 record = PT_REGS_PARM1(ctx);
	struct ring_reader *reader;

	if (!process || !window.start_ns || process->borrows)	/* the parent's next flush reads its record */
		return 0;
	__sync_fetch_and_add(&counters.flushes, 1);
	if (!process->tls_offset)
		learn_tls_offset(task, process, record);
	if (record_of(task, process) != record) {	/* another thread's record: our libraries never do that */
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return 0;
	}
	reader = reader_lock(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!reader)
		return 0;
	read_ring_locked(reader, process, record);
	if (throttle.waits_off)		/* then no switch carries them to `stats` */
		thread_sums_spill(reader);
	reader_unlock(reader);
	return 0;
}
