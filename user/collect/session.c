// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* session.c - the life of a measurement: load, attach, poll, stop, detach. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/sanitize.h"
#include "collect/children/children.h"
#include "collect/examine.h"
#include "collect/kernel/machine.h"
#include "collect/overhead/levers.h"
#include "collect/samples/sampler.h"
#include "collect/samples/sampling.h"
#include "collect/session.h"
#include "collect/snapshot.h"
#include "collect/stats/rss_total.h"
#include "collect/target/attach.h"
#include "collect/target/function_notes.h"
#include "collect/target/publish.h"
#include "collect/window.h"
#include "base/target_file.h"
#include "host/file_rights.h"
#include "host/isolate.h"
#include "host/probe_keeper.h"
#include "host/requirements.h"

#define RSS_EVERY_NS 50000000ULL		/* between reads of RSS with --children: there may be thousands of short ones */
#define POLL_NS 1000000000ULL			/* between polls */
#define POLL_SAMPLES_NS 100000000ULL		/* between polls when stacks are sampled */
#define POLL_MARKERS_NS 5000000ULL		/* between polls while a target has yet to load the markers ... */
#define POLL_MARKERS_FOR_NS 3000000000ULL	/* ... for that long; then ... */
#define POLL_MARKERS_LATER_NS 250000000ULL	/* ... between polls that are less frequent */
#define READ_NS 300000000ULL			/* for threads that do not get a CPU at the end: the report has to come within a second */

/* ---- open ---- */

int session_open(struct session **result, const struct dcbs_options *opts, size_t nr_targets)
{
	struct session *session;
	int err;

	if (nr_targets > BPFPROF_PROCESSES)
		return fail(-E2BIG, "more than %d processes at a time; give fewer -p", BPFPROF_PROCESSES);
	if (target_clock_offset(getpid()))
		return fail(-EOPNOTSUPP, "this is a time namespace, where the clock is not the kernel's; start dcbs-bpfprof in the "
			    "machine's own");
	err = requirements_check();
	if (err)
		return err;
	file_rights_start(opts->pids, opts->nr_pids);
	session = calloc(1, sizeof(*session));
	if (!session)
		return fail(-ENOMEM, "out of memory");
	session->opts = *opts;
	gpu_probes_init(&session->gpu_probes, opts->no_gpu_probes);
	calibrate_init(&session->costs);
	rss_total_init(&session->rss);
	err = programs_load(&session->bpf, opts, nr_targets);
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
	struct target_list *targets = &session->targets;
	struct target *target = &targets->list[targets->nr];
	int err;

	assert(targets->nr < BPFPROF_FOLLOWED);
	if (target_list_find(targets, pid))
		return 0;
	err = target_open(target, pid, session->opts.argv);
	if (!err)
		err = publish_find_number(&session->bpf, target);
	if (err)
		return err;
	target->index = (__u32)targets->nr++;
	target->serial = target->index + 1;
	publish_process(&session->bpf, target);
	return 0;
}

void session_expect(struct session *session, char *const *argv)
{
	struct target *target = &session->targets.list[session->targets.nr - 1];
	struct snapshot_target *f = &target->facts;
	const char *slash = strrchr(argv[0], '/');
	size_t n = 0;

	snprintf(f->comm, sizeof(f->comm), "%s", slash ? slash + 1 : argv[0]);
	for (; *argv && n < sizeof(target->command); argv++)
		n += (size_t)snprintf(target->command + n, sizeof(target->command) - n, "%s%s", n ? " " : "", *argv);
}

/* ---- start ---- */

/* It is an error if a target that was given by its PID has ended by now. A child may end at any time. */
static int attach_one_target(struct session *session, struct target *target)
{
	struct attach_context ctx = children_attach_context(session);
	int err = 0;

	if (!session->opts.argv && attach_check_right(&session->bpf.processes[target->index], target))
		return target->parent ? 0 : fail(-EPERM, "process %d has become one that user %u may not trace", target->pid, getuid());
	publish_python(&session->bpf, target);
	if (!target->parent)
		err = function_probes_attach(&session->probes, &session->bpf, &session->opts, target, &session->notes);
	gpu_probes_look(&session->gpu_probes, &session->bpf, target, &session->notes);
	if (!err)
		err = attach_target(&ctx, target);
	if (err < 0 && target_ended(target))
		return target->parent ? 0 : fail(-ESRCH, "process %d ended while it was being attached to", target->pid);
	return err < 0 ? err : 0;
}

static int attach_all_targets(struct session *session)
{
	size_t i;
	int err = 0;

	for (i = 0; i < session->targets.nr && !err; i++)
		err = attach_one_target(session, &session->targets.list[i]);
	return err;
}

int session_start(struct session *session)
{
	int err;

	err = events_attach(&session->events, &session->bpf, session->opts.frequency_hz);
	if (!err)
		err = children_adopt(session);
	isolate_use(true);	/* the profiler has all of its rights until it is attached */
	if (!err)
		err = attach_all_targets(session);
	isolate_use(false);
	if (err)
		return err;
	machine_read(&session->host, session->opts.nr_pids ? session->opts.pids[0] : getpid());
	session->host.libbpf = libbpf_version_string();
	thread_lister_visit(&session->lister, &session->bpf);
	events_complete_waits(&session->events, &session->bpf);
	window_open(session);
	session->attached_ns = clock_now_ns();
	if (!session->events.waits_known)
		notes_add(&session->notes, "this kernel does not report when a thread is woken: why sections wait is unknown");
	if (!session->events.memory_known)
		notes_add(&session->notes, "this kernel does not report when RSS changes: the memory of sections is unknown");
	rss_total_read(session);
	session->rss.start_bytes = session->rss.end_bytes;
	levers_open(session);
	return sampling_open(session, children_find, session);
}

void session_describe(const struct session *session, FILE *out)
{
	const struct target_list *targets = &session->targets;
	size_t i;

	for (i = 0; i < targets->nr; i++) {
		const struct target *target = &targets->list[i];
		char *comm;

		if (!target->pid)
			continue;
		comm = sanitize(target->facts.comm, sizeof(target->facts.comm));
		fprintf(out, "attached to %d (%s): %s\n", target->pid, comm ? comm : "?", target->state ? "markers found" : "no markers yet");
		free(comm);
	}
	fprintf(out, "%zu probes and events in all; maps of %.1f MiB, and %zu KiB for each thread of a target\n",
		session->events.links.nr + 2 * session->probes.nr + gpu_probes_links(&session->gpu_probes) + targets->nr, (double)programs_map_bytes(&session->bpf) / (1 << 20),
		(size_t)programs_thread_bytes(&session->bpf) >> 10);
}

/* ---- poll ---- */

/* Calibration comes first, before run_clock_poll() has the kernel measure run times, which slows every program. */
bool session_poll(struct session *session)
{
	bool running;

	children_poll(session);
	calibrate(&session->costs, &session->bpf, function_probes_entries_are_stepped(&session->probes) ||
		  function_probes_ends_are_stepped(&session->probes) || session->gpu_probes.stepped);
	run_clock_poll(&session->run_clock, &session->bpf);
	function_notes_look(&session->probes, &session->targets, clock_now_ns());
	running = targets_examine(session);
	if (!running && session->children) {	/* the last target may have forked before it ended */
		children_find(session);
		running = targets_examine(session);
	}
	sampling_poll(session);
	events_change_ticks(&session->events);
	if (!session->children || clock_now_ns() - session->rss.read_ns > RSS_EVERY_NS)
		rss_total_read(session);
	growth_trend_look(&session->growth, &session->bpf);
	in_flight_look(&session->in_flight, &session->bpf, &session->targets, !session->opts.frequency_hz);
	events_complete_waits(&session->events, &session->bpf);
	time_slices_look(&session->slices, &session->bpf, &session->in_flight, session->rss.end_bytes);
	awaiting_look(&session->awaiting, &session->bpf, &session->targets);
	session->overhead.exceeded |= !levers_poll(session);
	gpu_census_poll(&session->gpu_census, &session->gpu_probes, &session->bpf, &session->costs);
	return running;
}

__u64 session_change_ticks(struct session *session)
{
	return events_change_ticks(&session->events);
}

bool session_is_over_budget(const struct session *session)
{
	return session->overhead.exceeded;
}

/* Samples are taken soon, so that names can still be read and the kernel's ring does not fill up. */
static __u64 next_poll_ns(const struct session *session, __u64 now)
{
	if (attach_some_linger(&session->targets))
		return now + ATTACH_TAIL_NS;
	if (!target_list_lacks_markers(&session->targets))
		return now + (session->sampler ? POLL_SAMPLES_NS : time_slices_width_ns(&session->slices, POLL_NS));
	return now + (now - session->attached_ns < POLL_MARKERS_FOR_NS ? POLL_MARKERS_NS : POLL_MARKERS_LATER_NS);
}

__u64 session_due(const struct session *session, __u64 now)
{
	__u64 due = gpu_census_due(&session->gpu_census, now, next_poll_ns(session, now)), levers = levers_due(session);

	return gpu_probes_due(&session->gpu_probes, &session->targets, now, children_due(session, due < levers ? due : levers));
}

size_t session_fds(const struct session *session, int *fds, size_t max)
{
	size_t i, n = 0;

	if (session->children && n < max)
		fds[n++] = children_fd(session);
	if (session->sampler && n < max)
		fds[n++] = sampler_fd(session->sampler);
	for (i = 0; i < session->targets.nr && n < max; i++) {
		const struct target *target = &session->targets.list[i];

		if (target->pid && !target->born_ns && !target->ended && target->pidfd >= 0)
			fds[n++] = target->pidfd;
	}
	return n;
}

size_t session_pids(const struct session *session, pid_t *pids, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < session->targets.nr && n < max; i++)
		if (session->targets.list[i].pid)
			pids[n++] = session->targets.list[i].pid;
	return n;
}

bool session_is_sum(const struct session *session)
{
	return session->bpf.skel->bss->counters.processes > 1;
}

/* ---- snapshots ---- */

int session_snapshot(struct session *session, struct snapshot **snap)
{
	return snapshot_take(session, snap);
}

void session_clear(struct session *session)
{
	window_restart(session);
}

/* ---- stop ---- */

/* Returns true if a thread was preempted in the middle of a flush. It resumes when it gets a CPU again. */
static bool some_thread_is_busy(struct session *session)
{
	struct thread_view *views;
	size_t i, n = thread_lister_read(&session->lister, &session->bpf, &views);
	bool busy = false;

	for (i = 0; i < n; i++)
		busy |= views[i].busy;
	free(views);
	return busy;
}

/* The threads continue to run, so they are visited at once. */
static void read_last_records(struct session *session)
{
	__u64 until = clock_now_ns() + READ_NS;
	bool busy;

	thread_lister_visit(&session->lister, &session->bpf);
	usleep(RINGS_READ_US);
	while ((busy = some_thread_is_busy(session)) && clock_now_ns() < until)
		usleep(RINGS_READ_US / 2);
	if (busy)
		notes_add(&session->notes, "a thread did not get a CPU for 0.3 s at the end: some sections that it had just finished are missing");
}

void session_stop(struct session *session, enum dcbs_ended_by by)
{
	size_t i;

	children_poll(session);
	for (i = 0; i < session->targets.nr; i++)
		target_examine(session, &session->targets.list[i]);
	if (session->images_missed)
		notes_add(&session->notes, "%llu image%s executed and replaced before the profiler could attach: if the file was another one "
			  "than before, its sections may be missing; --children attaches from the start", (unsigned long long)session->images_missed,
			  session->images_missed == 1 ? " was" : "s were");
	if (!session->opts.nr_sections)
		target_list_note_unmarked(&session->targets, &session->notes);
	function_notes_short(&session->probes, &session->bpf, &session->costs, &session->notes);
	function_notes_unused(&session->probes, &session->bpf, &session->targets, &session->notes);
	session->window.ended_by = by;
	growth_trend_look(&session->growth, &session->bpf);
	rss_total_read(session);
	session->bpf.skel->bss->window.end_ns = clock_now_ns();
	sampling_poll(session);
	if (by != DCBS_ENDED_TARGET_EXIT)
		read_last_records(session);
}

void session_close(struct session *session)
{
	size_t i;

	if (!session)
		return;
	probe_keeper_dismiss();
	sampling_close(session);
	children_close(session);
	events_close(&session->events);
	levers_close(session);
	function_probes_close(&session->probes);
	gpu_probes_close(&session->gpu_probes);
	gpu_census_clear(&session->gpu_census);
	for (i = 0; i < session->targets.nr; i++) {
		uprobe_detach(session->targets.list[i].marker_link);
		uprobe_detach(session->targets.list[i].seldom_link);
	}
	thread_lister_close(&session->lister);
	calibrate_close(&session->costs);
	probe_keeper_end();
	run_clock_close(&session->run_clock);
	programs_unload(&session->bpf);
	for (i = 0; i < session->targets.nr; i++)
		target_close(&session->targets.list[i]);
	target_file_stop();
	notes_free(&session->notes);
	growth_trend_clear(&session->growth);
	time_slices_clear(&session->slices);
	slow_calls_free(&session->slow_calls);
	awaiting_clear(&session->awaiting);
	free(session);
}
