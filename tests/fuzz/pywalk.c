// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* pywalk.c - fuzzes the walk of Python frames with arbitrary contents of an interpreter's memory. */
#include "host.h"

struct setting {
	struct python_layout layout;
	u8 fail_at, version;
};

/* Sets offsets as user space has checked them: they come from the profiler and not from the target. */
static void set_up(const struct setting *s)
{
	u32 zero = 0;
	struct process *process;
	struct python_layout *layout;

	host_open();
	memory.reads = 0;
	memory.fail_at = s->fail_at;
	process = bpf_map_lookup_elem(&processes, &zero);
	layout = bpf_map_lookup_elem(&pythons, &zero);
	*layout = s->layout;
	layout->minor = 8 + s->version % 7;
	layout->runtime = fake_word(layout->runtime);
	layout->code_type = fake_word(layout->code_type);
	process->tgid = 77;
	task.robust_list = (void *)(FAKE_BASE + 0x1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct setting s;
	struct walker *w;
	u32 zero = 0;

	memory.data = data;
	memory.size = size;
	fake_take(&memory, &s, sizeof(s));
	set_up(&s);
	w = bpf_map_lookup_elem(&walkers, &zero);
	python_walk(w, &task, bpf_map_lookup_elem(&processes, &zero));
	if (w->sample.nr_python > SAMPLE_PYTHON)
		abort();
	return 0;
}
