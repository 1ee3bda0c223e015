// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* read_ring.c - fuzzes the marker's probe and the reading of open sections with arbitrary contents of a record. */
#include "host.h"
#include "flush.bpf.c"

/* Fields that are set to sensible values, so that not every input ends at the first check. */
struct setting {
	u64 tls_offset, start_ns, end_ns, now, record;
	u8 fail_at, hits, head_step;
};

static void set_up(const struct setting *s)
{
	u32 zero = 0, tgid = 77;
	struct process *process;

	host_open();
	bpf_map_update_elem(&targets, &tgid, &zero, BPF_ANY);
	memory.reads = 0;
	memory.fail_at = s->fail_at;
	task.thread.fsbase = FAKE_BASE;
	host_now = s->now >> 1;
	window.start_ns = s->start_ns >> 2 | 1;
	window.end_ns = s->end_ns;
	process = bpf_map_lookup_elem(&processes, &zero);
	process->tgid = tgid;
	process->tls_offset = s->tls_offset & (FAKE_SIZE - 1) & ~7ULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pt_regs regs = {};
	struct setting s;
	struct thread_account *account;
	u32 zero = 0, i;

	memory.data = data;
	memory.size = size;
	fake_take(&memory, &s, sizeof(s));
	set_up(&s);
	account = bpf_task_storage_get(&thread_accounts, &task, NULL, 0);
	for (i = 0; i <= (s.hits & 3u); i++) {
		regs.rdi = record_of(&task, bpf_map_lookup_elem(&processes, &zero)) ?: fake_word(s.record);
		on_flush(&regs);
		open_sections_update(account, &task, bpf_map_lookup_elem(&processes, &zero));
		if (memory.size > s.head_step)
			memory.data += s.head_step & 7, memory.size -= s.head_step & 7;	/* the target goes on */
	}
	read_ring_current(&task, bpf_map_lookup_elem(&processes, &zero));
	return 0;
}
