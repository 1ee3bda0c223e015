// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* events.c - attaches programs to the kernel's events: trace points and ticks. */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/kernel/events.h"
#include "collect/kernel/program_copies.h"
#include "host/uprobe_link.h"

/* A step of an event loop is seen by the ticks in it: those have a smaller spread, so that its length is known better. */
#define TICK_SPREAD 0.3
#define SAMPLE_SPREAD 0.6

/* jitter: gets the events. */
static int attach_ticks(struct links *links, const struct bpf_program *prog, int hz, struct tick_jitter *jitter)
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

		if (fd < 0 && errno == ENODEV)	/* the CPU is offline */
			continue;
		if (fd < 0)
			return fail(-errno, "cannot sample CPU %d: %s; needs root or CAP_PERFMON", cpu, strerror(errno));
		err = links_keep(links, bpf_program__attach_perf_event(prog, fd), "the CPU's clock");
		if (err) {
			close(fd);
			return err;
		}
		if (tick_jitter_add(jitter, fd, hz))
			return fail(-ENOMEM, "out of memory");
	}
	return 0;
}

/* ---- on-periods ---- */

/*
 * A link is its descriptor; 0: there is none. The call leaves no choice of the place, which the program was loaded for, so that
 * the profiler may keep it when it gives up the calls that do.
 */
static int attach_group(int *links, struct bpf_program *const *progs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int fd;

		if (links[i] || !progs[i] || !bpf_program__autoload(progs[i]))
			continue;
		fd = bpf_raw_tracepoint_open(NULL, bpf_program__fd(progs[i]));
		if (fd < 0)
			return fail(fd, "cannot attach to %s: %s%s", bpf_program__section_name(progs[i]), strerror(-fd), links_hint(-fd));
		links[i] = fd;
	}
	return 0;
}

static void detach_group(int *links, size_t n)
{
	while (n-- > 0) {
		if (links[n])
			uprobe_link_close(links[n]);
		links[n] = 0;
	}
}

int events_attach_waits(struct events *events, const struct programs *bpf)
{
	const struct bpfprof *skel = bpf->skel;
	struct bpf_program *on_wakeup = skel->bss->wakeups_wanted ? skel->progs.on_wakeup : NULL;
	struct bpf_program *progs[] = {skel->progs.on_switch, skel->progs.on_waking, on_wakeup};

	_Static_assert(ARRAY_SIZE(progs) == ARRAY_SIZE(events->waits), "a link for each");
	return attach_group(events->waits, progs, ARRAY_SIZE(progs));
}

void events_complete_waits(struct events *events, const struct programs *bpf)
{
	if (events->waits[0] && !events->waits[2] && bpf->skel->bss->wakeups_wanted)
		events_attach_waits(events, bpf);
}

void events_detach_waits(struct events *events)
{
	detach_group(events->waits, ARRAY_SIZE(events->waits));
}

/*
 * The kernel takes 10 ms to attach a program soon after a detach. The more expensive program comes last, so that it is attached
 * for the shortest time.
 */
int events_attach_memory(struct events *events, const struct programs *bpf)
{
	const struct bpfprof *skel = bpf->skel;
	struct bpf_program *progs[] = {skel->progs.on_map, skel->progs.on_rss};

	_Static_assert(ARRAY_SIZE(progs) == ARRAY_SIZE(events->memory), "a link for each");
	return attach_group(events->memory, progs, ARRAY_SIZE(progs));
}

void events_detach_memory(struct events *events)
{
	detach_group(events->memory, ARRAY_SIZE(events->memory));
}

/* ---- start and end ---- */

/* One event at the end of a thread is enough. on_do_exit comes earlier than on_exit, when more can be read. */
static int attach_thread_ends(struct links *links, const struct bpfprof *skel)
{
	int err = 0;

	if (program_copies_attach(skel, skel->progs.on_do_exit, links))
		err = program_copies_attach(skel, skel->progs.on_exit, links);
	if (!err && bpf_program__autoload(skel->progs.on_signal))
		err = program_copies_attach(skel, skel->progs.on_signal, links);
	/* Without either of these, up to a millisecond of finished sections is lost with each execve(). */
	if (!err && program_copies_attach(skel, skel->progs.on_prepare_exec, links))
		program_copies_attach(skel, skel->progs.on_begin_exec, links);
	return err;
}

/* If the programs on wake-ups and on RSS cannot be attached, sections are counted and timed nevertheless. */
int events_attach(struct events *events, const struct programs *bpf, int frequency_hz)
{
	const struct bpfprof *skel = bpf->skel;
	int err;

	events->tick_jitter.spread = TICK_SPREAD;
	events->sample_jitter.spread = SAMPLE_SPREAD;
	err = attach_ticks(&events->links, skel->progs.on_tick, TICK_HZ, &events->tick_jitter);

	if (!err && frequency_hz > 0)
		err = attach_ticks(&events->links, skel->progs.on_sample, frequency_hz, &events->sample_jitter);
	if (!err)
		err = program_copies_attach(skel, skel->progs.on_exec, &events->links);
	if (!err)
		err = events_attach_waits(events, bpf);
	if (err)
		return err;
	events->waits_known = !program_copies_attach(skel, skel->progs.on_fork, &events->links) && events->waits[1];
	events->memory_known = !events_attach_memory(events, bpf) && events->memory[0] && events->memory[1];
	return attach_thread_ends(&events->links, skel);
}

__u64 events_change_ticks(struct events *events)
{
	__u64 ticks_ns, samples_ns;

	tick_jitter_poll(&events->tick_jitter);
	tick_jitter_poll(&events->sample_jitter);
	ticks_ns = tick_jitter_due_ns(&events->tick_jitter);
	samples_ns = tick_jitter_due_ns(&events->sample_jitter);
	return ticks_ns < samples_ns ? ticks_ns : samples_ns;
}

void events_close(struct events *events)
{
	tick_jitter_close(&events->tick_jitter);
	tick_jitter_close(&events->sample_jitter);
	links_close(&events->links);
	events_detach_waits(events);
	events_detach_memory(events);
}
