// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* attach.c - puts the programs where they run: scheduler trace points, ticks, and the probes in a target. */
#include <errno.h>
#include <stdio.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collect/kernel/program_copies.h"
#include "collect/children/children.h"
#include "collect/python/interpreter.h"
#include "collect/state.h"
#include "base/error.h"

/*
 * A thread that computes without a marker keeps what it has finished before at most so long. Ticks
 * on a CPU that runs no target return at once.
 */
#define TICK_HZ 249

const char *attach_hint(int err)
{
	return err == EACCES || err == EPERM ? "; run as root, or with CAP_SYS_ADMIN" : "";
}

int attach_keep(struct session *session, struct bpf_link *link, const char *what)
{
	if (!link)
		return fail(-errno, "cannot attach to %s: %s%s", what, strerror(errno), attach_hint(errno));
	if (session->nr_links == SESSION_LINKS) {
		bpf_link__destroy(link);
		return fail(-E2BIG, "cannot attach to %s: more than %d probes in all", what, SESSION_LINKS);
	}
	session->links[session->nr_links++] = link;
	return 0;
}

static int attach_ticks(struct session *session, struct bpf_program *prog, int hz)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = (__u64)hz,
	};
	int cpu, err, cpus = libbpf_num_possible_cpus();

	for (cpu = 0; cpu < cpus; cpu++) {
		int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && errno == ENODEV)	/* the CPU is off */
			continue;
		if (fd < 0)
			return fail(-errno, "cannot sample CPU %d: %s; needs root or CAP_PERFMON", cpu, strerror(errno));
		err = attach_keep(session, bpf_program__attach_perf_event(prog, fd), "the CPU's clock");
		if (err) {
			close(fd);
			return err;
		}
	}
	return 0;
}

/* Programs that come and go together, those that were loaded. */
static int attach_group(struct bpf_link **links, struct bpf_program *const *progs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (links[i] || !bpf_program__autoload(progs[i]))
			continue;
		links[i] = bpf_program__attach(progs[i]);
		if (!links[i])
			return fail(-errno, "cannot attach to %s: %s%s", bpf_program__section_name(progs[i]), strerror(errno),
				    attach_hint(errno));
	}
	return 0;
}

static void detach_group(struct bpf_link **links, size_t n)
{
	while (n-- > 0) {
		bpf_link__destroy(links[n]);
		links[n] = NULL;
	}
}

/* How threads come to their CPUs and leave them. Without who wakes them, their records are read all the same. */
int attach_waits(struct session *session)
{
	struct bpfprof *skel = session->skel;
	struct bpf_program *progs[] = {skel->progs.on_switch, skel->progs.on_waking, skel->progs.on_wakeup};

	return attach_group(session->waits, progs, 3);
}

void detach_waits(struct session *session)
{
	detach_group(session->waits, 3);
}

/* The dear one is there for the shortest time: soon after it has been taken away, the kernel takes 10 ms to put one in. */
int attach_memory(struct session *session)
{
	struct bpfprof *skel = session->skel;
	struct bpf_program *progs[] = {skel->progs.on_map, skel->progs.on_rss};

	return attach_group(session->memory, progs, 2);
}

void detach_memory(struct session *session)
{
	detach_group(session->memory, 2);
}

int attach_kernel_events(struct session *session)
{
	struct bpfprof *skel = session->skel;
	int err = attach_ticks(session, skel->progs.on_tick, TICK_HZ);

	if (!err && session->opts.frequency_hz > 0)
		err = attach_ticks(session, skel->progs.on_sample, session->opts.frequency_hz);

	if (!err)
		err = again_attach(session, skel->progs.on_exec);
	if (!err)
		err = attach_waits(session);
	if (!err)
		session->has_ledgers = !again_attach(session, skel->progs.on_fork) && session->waits[1] && session->waits[2];
	if (!err)
		session->has_memory = !attach_memory(session) && session->memory[0] && session->memory[1];
	/* One look at a thread that ends is enough, and the earlier one sees more. */
	if (!err && again_attach(session, skel->progs.on_do_exit))
		err = again_attach(session, skel->progs.on_exit);
	if (!err && bpf_program__autoload(skel->progs.on_signal))
		err = again_attach(session, skel->progs.on_signal);
	/* Without these an image that is left takes up to a millisecond with it. */
	if (!err && again_attach(session, skel->progs.on_prepare_exec))
		again_attach(session, skel->progs.on_begin_exec);
	return err;
}

static int baseline_record(void *ctx, __u64 address, const struct dcbs_record *record)
{
	struct session *session = ctx;
	struct baseline base = {record->too_deep, record->unmatched};

	if ((base.too_deep || base.unmatched) &&
	    bpf_map_update_elem(bpf_map__fd(session->skel->maps.baselines), &address, &base, BPF_ANY))
		session->baselines_missed++;
	return 0;
}

/* The section_id of a name, reserved if it is new; 0: there is no room. */
__u32 section_id_reserve(struct session *session, const struct section_name *name)
{
	int sections = bpf_map__fd(session->skel->maps.section_ids);
	__u32 section_id;

	if (!bpf_map_lookup_elem(sections, name, &section_id))
		return section_id;
	if (session->skel->bss->counters.section_ids_used >= BPFPROF_SECTIONS)
		return 0;
	section_id = (__u32)__sync_fetch_and_add(&session->skel->bss->counters.section_ids_used, 1);
	if (section_id >= BPFPROF_SECTIONS || stat_maps_reach(session, section_id + 1))
		return 0;
	session->stats[section_id].kind = name->kind;
	bpf_map_update_elem(sections, name, &section_id, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(session->skel->maps.section_names), &section_id, name, BPF_ANY);
	return section_id;
}

/* The names that the target has registered so far get their sections now; the BPF programs look up only what comes later. */
static void publish_names(struct session *session, const struct target *target, __u32 used, volatile struct process *process)
{
	__u32 id, section_id;

	for (id = DCBS_NAME_OTHER + 1; id < used && id < DCBS_NAMES; id++) {
		__u64 address = target->state + offsetof(struct dcbs_state, names) + id * sizeof(struct dcbs_name);
		struct section_name key = {};
		struct dcbs_name name;

		if (target_read(target, address, &name, sizeof(name)) || !name.kind)
			continue;
		snprintf(key.text, sizeof(key.text), "%.*s", (int)sizeof(name.text), name.text);
		key.kind = name.kind;
		section_id = section_id_reserve(session, &key);
		if (section_id)
			process->section_id[id] = (__u16)(section_id | (key.kind >= DCBS_NAME_FORWARD ? SECTION_MODEL : 0));
	}
}

/* Tells the BPF programs where this target's threads keep their records. */
static int publish_target(struct session *session, struct target *target)
{
	volatile struct process *process = &session->processes[target->index];
	struct dcbs_state state;
	int err;

	err = target_read(target, target->state, &state, offsetof(struct dcbs_state, names));
	if (err)
		return fail(err, "process %d has ended while it was being attached to", target->pid);
	if (!target->born_ns) {		/* of a child, nothing has been before our time: the programs find its names themselves */
		publish_names(session, target, state.names_used, process);
		target_each_record(target, baseline_record, session);
	}
	process->tls_offset = state.tls_offset;
	return 0;
}

/* Tells the BPF programs where the interpreter's own locks are. */
void publish_python(struct session *session, const struct target *target)
{
	volatile struct process *process = &session->processes[target->index];
	__u64 start, end;

	if (python_runtime(target->pid, &start, &end))
		start = end = 0;
	process->gil_start = start;
	process->gil_end = end;
}

/* The kernel has one counter of probes for a place, or none: who came first without it keeps us out. */
static int fail_marker(const struct marker *marker, int err)
{
	return fail(-err, "cannot attach to %s: %s%s", marker->path, strerror(err), err == EINVAL ?
		    "; another tracer (bpftrace, perf) may have a probe on dcbs_marker_flush: end it first" : attach_hint(err));
}

#define FD_PATH_BYTES 64

/* So many bytes from the entry of the marker function; path[FD_PATH_BYTES]. */
static struct uprobe_place marker_place(const struct target *target, const struct marker *marker, __u64 offset, char *path)
{
	snprintf(path, FD_PATH_BYTES, "/proc/self/fd/%d", marker->fd);
	return (struct uprobe_place){.pid = target->pid, .path = path, .offset = marker->flush_offset + offset,
				     .semaphore = marker->semaphore_offset};
}

static int attach_marker(struct session *session, struct target *target, const struct marker *marker)
{
	char path[FD_PATH_BYTES];
	const struct uprobe_place place = marker_place(target, marker, PROBE_OFFSET, path);

	if (session->children)
		return children_attach(session, marker, &place) ? fail_marker(marker, errno) : 0;
	target->marker_link = uprobe_attach(session->skel->progs.on_flush, &place);
	return target->marker_link ? 0 : fail_marker(marker, errno);
}

static bool seldom_one(struct session *session, struct target *target)
{
	char path[FD_PATH_BYTES], code[sizeof(DCBS_PROBE_SELDOM_CODE) - 1];
	struct uprobe_place place;
	struct marker marker;

	target->seldom_tried = true;
	if (target_find_marker(target, &marker) <= 0)
		return false;
	place = marker_place(target, &marker, DCBS_PROBE_SELDOM, path);
	if (pread(marker.fd, code, sizeof(code), (off_t)place.offset - 1) == sizeof(code) &&
	    !memcmp(code, DCBS_PROBE_SELDOM_CODE, sizeof(code)))
		target->seldom_link = uprobe_attach(session->skel->progs.on_flush, &place);
	marker_close(&marker);
	return target->seldom_link;
}

/* Only links of their own can be had once capabilities have been dropped. */
bool attach_seldom(struct session *session)
{
	bool some = false;
	size_t i;

	for (i = 0; i < session->nr_targets && uprobe_has_links(); i++) {
		struct target *target = &session->targets[i];

		if (target->pid && target->state && !target->ended && !target->seldom_tried)
			some |= seldom_one(session, target);
	}
	return some;
}

/* 1: the markers are there and probed; 0: there are none yet; -errno. */
int attach_target(struct session *session, struct target *target)
{
	struct marker marker;
	int err = target_find_marker(target, &marker);

	if (err <= 0)
		return err;
	target->state = marker.state;
	target->facts.markers = true;
	err = target_check_clock(target);
	if (!err)
		err = publish_target(session, target);
	if (!err)
		err = attach_marker(session, target, &marker);
	marker_close(&marker);
	return err ? err : 1;
}
