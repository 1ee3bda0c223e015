// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * records.c - a report of a process whose records, names and rings are the fuzzer's.
 *
 * Linked with --wrap for what leads into the kernel: process_memory_read reads the fake memory, the maps are empty.
 */
#include <stdlib.h>
#include <unistd.h>

#include "analyse/report.h"
#include "collect/snapshot.h"
#include "fake.h"

#include "records_wrap.h"

static struct fake memory;
static struct thread_view view;

/* The data that the kernel would have returned. */
struct setting {
	__u64 start_ns, end_ns, consumed;
	__u8 fail_at, sections, flags, pad[5];
	__s64 rss;
	struct section_name names[2];
	__u64 figures[24];
};

/* A record is one more often than chance would have it. */
int __wrap_process_memory_read(pid_t pid, __u64 address, void *to, size_t size)
{
	__u64 magic = DCBS_RECORD_MAGIC;

	(void)pid;
	if (fake_read(&memory, address, to, size))
		return -EFAULT;
	if (size == sizeof(struct dcbs_record) && memory.reads < 8)
		memcpy(to, &magic, sizeof(magic));
	return 0;
}

static struct setting setting;

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	__u32 section_id;

	memcpy(&section_id, key, sizeof(section_id));
	if (fd != 1)
		return -ENOENT;
	memcpy(value, &setting.names[section_id & 1], sizeof(struct section_name));
	return 0;
}

size_t __wrap_thread_lister_read(struct thread_lister *lister, const struct programs *bpf, struct thread_view **views)
{
	(void)lister, (void)bpf;
	*views = malloc(sizeof(view));
	if (*views)
		**views = view;
	return *views ? 1 : 0;
}

static void set_up(struct session *session)
{
	struct target *target = &session->targets.list[0];
	size_t i, section_id;

	session->targets.nr = 1;
	session->window.ended_by = DCBS_ENDED_SIGNAL;
	session->opts.frequency_hz = 99;
	target->pid = target->facts.pid = getpid();
	target->state = FAKE_BASE;
	target->facts.markers = true;
	session->bpf.skel->bss->window.start_ns = setting.start_ns;
	session->bpf.skel->bss->window.end_ns = setting.flags & 1 ? setting.end_ns : 0;
	session->bpf.skel->bss->counters.section_ids_used = SECTION_FIRST + setting.sections % 8;
	for (section_id = 0; section_id < SECTION_FIRST + 8; section_id++)
		for (i = 0; i < sizeof(setting.figures) / 8; i++)
			(&session->bpf.stats[section_id].count)[i % 20] = setting.figures[(i + section_id) % 24];
	session->rss.start_bytes = session->rss.end_bytes = session->rss.peak_bytes = setting.rss;
	view = (struct thread_view){.record = fake_word(8 << 8 | FAKE_POINTER), .consumed = setting.consumed};
}

static void report(struct session *session)
{
	struct dcbs_report *report;
	struct snapshot *snap;
	char *text;

	if (snapshot_take(session, &snap))
		return;
	if (!report_build(&report, snap, 1)) {
		text = setting.flags & 2 ? dcbs_report_text(report, 80) : dcbs_report_json(report);
		free(text);
		dcbs_report_free(report);
	}
	snapshot_free(snap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session session;
	static struct bpfprof skel;

	if (!session.bpf.skel) {
		session.bpf.skel = &skel;
		skel.bss = calloc(1, sizeof(*skel.bss));
		skel.rodata = calloc(1, sizeof(*skel.rodata));
		session.bpf.processes = calloc(BPFPROF_FOLLOWED, sizeof(*session.bpf.processes));
		session.bpf.stats_map.mapped = session.bpf.ledgers_map.mapped = SIZE_MAX;	/* all of it, below */
		session.bpf.stats = calloc(BPFPROF_SECTIONS, sizeof(*session.bpf.stats));
		session.bpf.ledgers = calloc(BPFPROF_SECTIONS, sizeof(*session.bpf.ledgers));
		skel.maps.section_names = (void *)1;
	}
	memory = (struct fake){.data = data, .size = size};
	fake_take(&memory, &setting, sizeof(setting));
	memory.fail_at = setting.fail_at;
	set_up(&session);
	report(&session);
	return 0;
}
