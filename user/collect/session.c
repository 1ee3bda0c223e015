// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* session.c - the life of a measurement: load, attach, look after the targets, stop, detach. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "collect/children/children.h"
#include "collect/overhead/gaps.h"
#include "collect/overhead/governor.h"
#include "host/requirements.h"
#include "host/bpf_stats.h"
#include "collect/samples/sampler.h"
#include "collect/state.h"
#include "collect/children/process_facts.h"
#include "collect/window.h"
#include "base/error.h"
#include "base/sanitize.h"

#define RUN_TIME_NS 250000000ULL	/* for so long the kernel measures our programs ... */
#define RUN_TIME_AGAIN_NS 500000000ULL	/* ... and again so soon, if one has not run then, ... */
#define RUN_TIMES_MOST 6	/* ... so often in all ... */
#define RUN_TIME_EVERY_NS 10000000000ULL	/* ... so often: its two clock reads cost every BPF program of the machine */
#define RSS_EVERY_NS 50000000ULL	/* with children, which may come and go by the thousand */
#define LOOK_NS 1000000000ULL
#define LOOK_SAMPLES_NS 100000000ULL
#define LOOK_MARKERS_NS 5000000ULL		/* while a target has yet to load the markers ... */
#define LOOK_MARKERS_FOR_NS 3000000000ULL	/* ... for so long; then ... */
#define LOOK_MARKERS_LATER_NS 250000000ULL	/* ... it is looked at less often */
#define DRAIN_TRIES 200	/* a second, on a machine that has no time for the target */

void session_note(struct session *session, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	size_t i;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	for (i = 0; i < session->nr_notes; i++)
		if (!strcmp(session->notes[i], line))
			return;
	if (session->nr_notes < SESSION_NOTES)
		session->notes[session->nr_notes++] = strdup(line);
}

int session_open(struct session **result, const struct dcbs_options *opts, size_t nr_targets)
{
	struct session *session;
	int err;

	if (nr_targets > BPFPROF_PROCESSES)
		return fail(-E2BIG, "more than %d processes at a time; give fewer -p", BPFPROF_PROCESSES);
	if (target_clock_offset(getpid()))
		return fail(-EOPNOTSUPP, "this is a time namespace, where the clock is not the kernel's; start dcbs-bpfprof in the machine's own");
	err = requirements_check();
	if (err)
		return err;
	session = calloc(1, sizeof(*session));
	if (!session)
		return fail(-ENOMEM, "out of memory");
	session->opts = *opts;
	session->trap_ns = session->page_touch_ns = session->clock_read_ns = NAN;
	session->step_ns = NAN;
	session->trace_ns = TRACE_USUAL_NS;
	session->rss_start_bytes = session->rss_end_bytes = session->rss_peak_bytes = DCBS_UNKNOWN;
	err = session_load(session, nr_targets, opts->nr_pids ? opts->pids[0] : 0);
	if (!err)
		err = children_open(session);
	if (err) {
		session_close(session);
		return err;
	}
	*result = session;
	return 0;
}

int session_add(struct session *session, pid_t pid)
{
	struct target *target = &session->targets[session->nr_targets];
	struct process *process;
	size_t i;
	int err;

	for (i = 0; i < session->nr_targets; i++)
		if (session->targets[i].pid == pid)
			return 0;
	err = target_open(target, pid);
	if (err)
		return err;
	target->index = (__u32)session->nr_targets++;
	target->serial = target->index + 1;
	process = &session->processes[target->index];
	*process = (struct process){.tgid = (__u32)pid, .index = target->index, .serial = target->serial};
	bpf_map_update_elem(bpf_map__fd(session->skel->maps.targets), &pid, &target->index, BPF_ANY);
	return 0;
}

void session_expect(struct session *session, char *const *argv)
{
	struct target *target = &session->targets[session->nr_targets - 1];
	struct snapshot_target *f = &target->facts;
	const char *slash = strrchr(argv[0], '/');
	size_t n = 0;

	snprintf(f->comm, sizeof(f->comm), "%s", slash ? slash + 1 : argv[0]);
	for (; *argv && n < sizeof(target->command); argv++)
		n += (size_t)snprintf(target->command + n, sizeof(target->command) - n, "%s%s", n ? " " : "", *argv);
}

/* A target that is gone before anything was counted is an error; later it is the end of the run. */
static int attach_all(struct session *session)
{
	size_t i;
	int err = 0;

	for (i = 0; i < session->nr_targets && err >= 0; i++) {
		struct target *target = &session->targets[i];

		publish_python(session, target);
		err = target->parent ? 0 : attach_native_sections(session, target);
		if (!err)
			err = attach_target(session, target);
		if (err < 0 && target_ended(target) && target->parent)
			err = 0;
		else if (err < 0 && target_ended(target))
			return fail(-ESRCH, "process %d ended while it was being attached to", target->pid);
		if (!err && !session->opts.nr_sections && !target->parent)
			session_note(session, "process %d (%s) has not loaded the markers: no sections to time. They are picked up as soon as "
				     "it does; --section NAME=BINARY:FUNCTION times native functions without them", target->pid, target->facts.comm);
	}
	return err < 0 ? err : 0;
}

/* What the BPF programs have seen when the target's threads ended. */
static void rss_at_end(struct session *session, const struct target *target, __s64 *now_bytes, __s64 *peak_bytes)
{
	const struct process *process = &session->processes[target->index];

	if (!process->rss_bytes)
		return;
	*now_bytes = (__s64)process->rss_bytes;
	*peak_bytes = (__s64)process->rss_peak_bytes;
}

static void sum_rss(struct session *session, __s64 *now_bytes)
{
	__s64 now = 0, peak = 0, one, one_peak;
	bool known = false;
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		const struct target *target = &session->targets[i];

		if (!target->pid)
			continue;
		target_rss(target, &one, &one_peak);
		if (one == DCBS_UNKNOWN && !target->parent)
			rss_at_end(session, target, &one, &one_peak);
		if (one == DCBS_UNKNOWN)
			continue;
		known = true;
		now += one;
		peak += target->parent ? one : one_peak;	/* children come and go: their peaks were not at one time */
	}
	if (!known)
		return;
	*now_bytes = now;
	session->rss_peak_bytes = session->children && session->rss_peak_bytes > peak ? session->rss_peak_bytes : peak;
}

int session_start(struct session *session)
{
	int err;

	err = attach_kernel_events(session);
	if (!err)
		err = children_adopt(session);
	if (!err)
		err = attach_all(session);
	if (err)
		return err;
	session_look_at_threads(session);
	window_open(session);
	session->attached_ns = clock_now_ns();
	if (!session->has_ledgers)
		session_note(session, "this kernel does not tell when a thread is woken: why sections wait is unknown");
	if (!session->has_memory)
		session_note(session, "this kernel does not tell when RSS changes: what sections do to memory is unknown");
	sum_rss(session, &session->rss_start_bytes);
	session->rss_end_bytes = session->rss_start_bytes;
	err = governor_open(session);
	return err ? err : stacks_open(session);
}

void session_describe(const struct session *session, FILE *out)
{
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		const struct target *target = &session->targets[i];
		char *comm = !target->pid ? NULL : sanitize(target->facts.comm, sizeof(target->facts.comm));

		if (!target->pid)
			continue;
		fprintf(out, "attached to %d (%s): %s\n", target->pid, comm ? comm : "?",
			target->state ? "markers found" : "no markers yet");
		free(comm);
	}
	fprintf(out, "%zu probes and events in all; maps of %.1f MiB, and %zu KiB for each thread of a target\n",
		session->nr_links + 2 * session->nr_native + session->nr_targets, (double)stat_maps_kernel_bytes(session) / (1 << 20),
		(size_t)stat_maps_thread_bytes(session) >> 10);
}

/* Has each program that runs at all been measured? */
static bool run_times_known(const struct session *session)
{
	const struct bpfprof *skel = session->skel;
	const struct counters *c = &skel->bss->counters;
	const struct {
		__u64 runs;
		const struct bpf_program *prog;
	} measured[] = {
		{c->flushes, skel->progs.on_flush}, {c->switches, skel->progs.on_switch}, {c->wakings, skel->progs.on_wakeup},
		{c->wakings, skel->progs.on_waking}, {c->rss_events, skel->progs.on_rss}, {c->ticks, skel->progs.on_tick},
	};
	size_t i;

	for (i = 0; i < sizeof(measured) / sizeof(measured[0]); i++)
		if (measured[i].runs && isnan(bpf_stats_run_ns(measured[i].prog)))
			return false;
	return true;
}

/* The kernel measures our programs for a while, now and then. */
static void measure_run_time(struct session *session)
{
	__u64 now = clock_now_ns(), on_ns = now - session->run_time_since_ns;
	bool again = session->run_times < RUN_TIMES_MOST && on_ns > RUN_TIME_AGAIN_NS;

	if (session->run_time_on && on_ns > RUN_TIME_NS) {
		bpf_stats_switch(false);
		session->run_time_on = false;
	} else if (!session->run_time_on && (now >= session->run_time_next_ns || (again && !run_times_known(session)))) {
		bpf_stats_switch(true);
		session->run_time_on = true;
		session->run_times++;
		session->run_time_since_ns = now;
		session->run_time_next_ns = now + RUN_TIME_EVERY_NS;
	}
}

/* Once, after the targets are attached, as it takes a while. */
static void measure_probe(struct session *session)
{
	if (!session->own_probe && isnan(session->trap_ns))
		session->trap_ns = probe_measure(session->skel->progs.on_flush, &session->own_probe);
	if (isnan(session->step_ns) && native_are_stepped(session))
		session->step_ns = probe_measure_step(session->skel->progs.on_flush);
	if (isnan(session->page_touch_ns))
		session->page_touch_ns = probe_page_touch();
	if (isnan(session->clock_read_ns))
		session->clock_read_ns = probe_clock_read();
}

void session_renew(struct session *session, struct target *target, __u32 execs)
{
	target->execs = execs;
	target->state = target->names_lost = 0;
	uprobe_detach(target->marker_link);	/* the image they were for is gone */
	uprobe_detach(target->seldom_link);
	target->marker_link = target->seldom_link = NULL;
	target->seldom_tried = false;
	target_refresh(target);
	publish_python(session, target);
	stacks_renew(session, target);
}

/* A target that has executed another image, or has loaded the markers only now. Children are looked at elsewhere. */
static void look_again(struct session *session, struct target *target)
{
	const struct process *process = &session->processes[target->index];

	if (!target->pid || target->parent)
		return;
	if (process->headless && !session->children && !uprobe_has_links()) {
		session_note(session, "the main thread of process %d has ended, and with it the kernel took the marker's probe "
			     "away: what the other threads finished after that is missing", target->pid);
		return;
	}
	if (process->execs != target->execs) {
		session->images_missed += process->execs - target->execs - 1;
		session_renew(session, target, process->execs);
	}
	if (target->state || target_ended(target))
		return;
	if (attach_target(session, target) < 0 && !target_ended(target))
		session_note(session, "%s", dcbs_profiler_error());
}

static bool some_run(struct session *session)
{
	bool running = false;
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		struct target *target = &session->targets[i];

		if (target_ended(target))
			continue;
		running = true;
		look_again(session, target);
	}
	return running;
}

bool session_poll(struct session *session)
{
	bool running;

	children_poll(session);
	measure_probe(session);		/* without the kernel's clock, which costs every program */
	measure_run_time(session);
	running = some_run(session);
	if (!running && session->children) {	/* the last one may have forked before it ended */
		children_look(session);
		running = some_run(session);
	}
	stacks_poll(session);
	if (!session->children || clock_now_ns() - session->rss_ns > RSS_EVERY_NS) {
		sum_rss(session, &session->rss_end_bytes);
		session->rss_ns = clock_now_ns();
	}
	session->over_budget |= !governor_poll(session);
	return running;
}

bool session_is_over_budget(const struct session *session)
{
	return session->over_budget;
}

static bool some_lack_markers(const struct session *session)
{
	size_t i;

	for (i = 0; i < session->nr_targets; i++) {
		const struct target *target = &session->targets[i];

		if (target->pid && !target->ended && !target->state && !target->parent)
			return true;
	}
	return false;
}

/* Without anything to wait for, samples set the pace: their names are read soon after, and the kernel's ring does not fill up. */
static __u64 next_look(const struct session *session, __u64 now)
{
	if (!some_lack_markers(session))
		return now + (session->sampler ? LOOK_SAMPLES_NS : LOOK_NS);
	return now + (now - session->attached_ns < LOOK_MARKERS_FOR_NS ? LOOK_MARKERS_NS : LOOK_MARKERS_LATER_NS);
}

__u64 session_due(const struct session *session, __u64 now)
{
	__u64 look = next_look(session, now), governor = governor_next(session);

	return children_due(session, look < governor ? look : governor);
}

/* A thread that was preempted in the middle of handing over goes on when it gets a CPU again. */
static bool some_thread_is_busy(struct session *session)
{
	struct thread_view *views;
	size_t i, n = session_list(session, &views);
	bool busy = false;

	for (i = 0; i < n; i++)
		busy |= views[i].busy;
	free(views);
	return busy;
}

void session_stop(struct session *session, enum dcbs_ended_by by)
{
	size_t i;

	children_poll(session);
	for (i = 0; i < session->nr_targets; i++)
		look_again(session, &session->targets[i]);
	if (session->images_missed)
		session_note(session, "%llu image%s executed and left again between two looks: if the file was another one than before, its "
			     "sections may be missing; --children is there from the start", (unsigned long long)session->images_missed,
			     session->images_missed == 1 ? " was" : "s were");
	native_note_probes(session);
	session->ended_by = by;
	sum_rss(session, &session->rss_end_bytes);
	session->skel->bss->window.end_ns = clock_now_ns();
	stacks_poll(session);
	if (by == DCBS_ENDED_TARGET_EXIT)
		return;
	session_look_at_threads(session);	/* at once: they go on running */
	usleep(DRAIN_US);
	for (i = 0; i < DRAIN_TRIES && some_thread_is_busy(session); i++)
		usleep(DRAIN_US / 2);
	if (i == DRAIN_TRIES)
		session_note(session, "a thread did not get a CPU for a second at the end: some sections that it had just finished are missing");
}

size_t session_fds(const struct session *session, int *fds, size_t max)
{
	size_t i, n = 0;

	if (session->children && n < max)
		fds[n++] = children_fd(session);
	if (session->sampler && n < max)
		fds[n++] = sampler_fd(session->sampler);
	for (i = 0; i < session->nr_targets && n < max; i++)
		if (session->targets[i].pid && !session->targets[i].ended && session->targets[i].pidfd >= 0)
			fds[n++] = session->targets[i].pidfd;
	return n;
}

size_t session_pids(const struct session *session, pid_t *pids, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < session->nr_targets && n < max; i++)
		if (session->targets[i].pid)
			pids[n++] = session->targets[i].pid;
	return n;
}

bool session_is_sum(const struct session *session)
{
	return session->skel->bss->counters.processes > 1;
}

void session_close(struct session *session)
{
	size_t i;

	if (!session)
		return;
	stacks_close(session);
	children_close(session);
	for (i = session->nr_links; i-- > 0;)
		bpf_link__destroy(session->links[i]);
	detach_waits(session);
	detach_memory(session);
	free(session->gaps);
	native_close(session);
	for (i = 0; i < session->nr_targets; i++) {
		uprobe_detach(session->targets[i].marker_link);
		uprobe_detach(session->targets[i].seldom_link);
	}
	bpf_link__destroy(session->list);
	uprobe_detach(session->own_probe);
	if (session->run_time_on)
		bpf_stats_switch(false);
	session_unload(session);
	for (i = 0; i < session->nr_targets; i++)
		target_close(&session->targets[i]);
	for (i = 0; i < session->nr_notes; i++)
		free(session->notes[i]);
	for (i = 0; i < session->nr_reduced; i++)
		free(session->reduced[i]);
	governor_close(session);
	free(session);
}
