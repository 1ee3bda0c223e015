// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* watch.c - the loop between attach and report: live table, timers, signals, checkpoints, and clients of the server. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "render/live.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/watch.h"

static __u64 to_ns(double seconds)
{
	return (__u64)(seconds * 1e9);
}

static __u64 earlier_ns(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static void show_live_table(struct live *live, struct dcbs_profiler *prof)
{
	struct dcbs_report *report;

	if (dcbs_profiler_snapshot(prof, &report))
		return;
	live_show(live, report);
	dcbs_report_free(report);
}

/* Returns false if a signal ended the wait. */
static bool poll_until(struct pollfd *fds, size_t nr, __u64 until)
{
	__u64 now = clock_now_ns();
	struct timespec timeout = {0};
	sigset_t none;

	if (until > now) {
		timeout.tv_sec = (time_t)((until - now) / 1000000000);
		timeout.tv_nsec = (long)((until - now) % 1000000000);
	}
	sigemptyset(&none);
	return ppoll(fds, nr, &timeout, &none) >= 0;
}

/* Waits until `until`, the end of a target, a key, or a signal. Answers clients of the server and changes the ticks meanwhile. */
static void wait_until(struct dcbs_profiler *prof, const struct live *live, struct server *server, __u64 until)
{
	struct pollfd fds[BPFPROF_FOLLOWED + 3 + SERVER_FDS];
	int own[BPFPROF_FOLLOWED + 2];
	size_t i, nr, n = dcbs_profiler_fds(prof, own, BPFPROF_FOLLOWED + 2);
	bool mine = false;

	for (i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = own[i], .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = live_fd(live), .events = POLLIN};
	do {
		__u64 due = earlier_ns(server_due_ns(server), dcbs_profiler_change_ticks(prof));

		nr = n + server_fds(server, &fds[n]);
		if (!poll_until(fds, nr, earlier_ns(due, until)))
			return;
		server_step(server);
		for (i = 0; i < n; i++)
			mine |= fds[i].revents != 0;
	} while (!mine && clock_now_ns() < until);
}

/* A command that the profiler started has the terminal for itself. */
static bool wants_live_table(const struct opts *opts)
{
	return !opts->quiet && !opts->argv;
}

/* Returns DCBS_ENDED_RUNNING as long as the profile runs. */
static enum dcbs_ended_by poll_end(struct dcbs_profiler *prof, struct live *live, bool over)
{
	int wait_ms;

	if (!dcbs_profiler_poll(prof, &wait_ms))
		return dcbs_profiler_ended_by(prof);
	if (signals_end_requested() || (live && live_quit_requested(live)))
		return DCBS_ENDED_SIGNAL;
	return over ? DCBS_ENDED_DURATION : DCBS_ENDED_RUNNING;
}

/* ---- files ---- */

/* The report so far: at its time, or when it is asked for. */
struct checkpoints {
	struct outputs *outputs;
	const struct opts *opts;
	__u64 every_ns, next_ns;	/* every_ns 0: only when it is asked for */
};

static struct checkpoints checkpoints_begin(struct outputs *outputs, const struct opts *opts)
{
	struct checkpoints c = {.outputs = outputs, .opts = opts, .next_ns = ~0ULL};

	if (outputs->nr)
		c.every_ns = to_ns(opts->checkpoint_s);
	if (c.every_ns)
		c.next_ns = clock_now_ns() + c.every_ns;
	return c;
}

static void write_so_far(struct dcbs_profiler *prof, struct checkpoints *c, bool asked)
{
	struct dcbs_report *report;

	if (dcbs_profiler_snapshot(prof, &report)) {
		fprintf(stderr, "dcbs-bpfprof: no report so far: %s\n", dcbs_profiler_error());
		return;
	}
	if (!output_files_checkpoint(c->outputs, report, c->opts) && asked)
		output_so_far(report, c->opts);
	dcbs_report_free(report);
}

static void checkpoint_if_due(struct dcbs_profiler *prof, struct checkpoints *c, __u64 now)
{
	bool asked = signals_take_report_request();

	if (!asked && now < c->next_ns)
		return;
	write_so_far(prof, c, asked);
	if (c->every_ns)
		c->next_ns = clock_now_ns() + c->every_ns;
}

/* ---- without a live table ---- */

#define PROGRESS_NS 60000000000ULL

/* Lines on standard error, for a reader that has no live table and waits: at the attach and once a minute. */
struct progress {
	bool wanted, by_hand;	/* by_hand: it ends when the reader says so */
	__u64 next_ns;
};

static struct progress progress_begin(const struct opts *opts, const struct live *live)
{
	bool by_hand = opts->duration_s <= 0;

	return (struct progress) {
		.wanted = wants_live_table(opts) && !live, .by_hand = by_hand, .next_ns = by_hand ? 0 : clock_now_ns() + PROGRESS_NS,
	};
}

static void write_targets(const struct dcbs_report *r)
{
	if (r->nr_targets == 1)
		fprintf(stderr, "attached to %d (%s)", (int)r->targets[0].pid, r->targets[0].comm);
	else
		fprintf(stderr, "attached to %zu processes", r->nr_targets);
}

static void write_progress(const struct dcbs_report *r, bool first, bool by_hand)
{
	size_t nr = 0, i;

	for (i = 0; i < r->nr_sections; i++)
		nr += r->sections[i].count != DCBS_UNKNOWN || strcmp(r->sections[i].name, DCBS_OUTSIDE);
	fputs("dcbs-bpfprof: ", stderr);
	if (first)
		write_targets(r);
	else
		fprintf(stderr, "%.0f min", r->duration_s / 60);
	if (nr)
		fprintf(stderr, ", %zu section%s", nr, nr == 1 ? "" : "s");
	if (nr && !first && r->duration_s > 0)
		fprintf(stderr, ", most time in %s (%.0f %% of the window)", r->sections[0].name,
			r->sections[0].total_s / r->duration_s * 100);
	fputs(by_hand ? "; Ctrl-C for the report\n" : "\n", stderr);
}

static void progress_if_due(struct dcbs_profiler *prof, struct progress *p, __u64 now)
{
	struct dcbs_report *report;
	bool first = !p->next_ns;

	if (!p->wanted || now < p->next_ns)
		return;
	p->next_ns = now + PROGRESS_NS;
	if (dcbs_profiler_snapshot(prof, &report))
		return;
	write_progress(report, first, p->by_hand);
	dcbs_report_free(report);
}

/* ---- the loop ---- */

static enum dcbs_ended_by watch_until(struct dcbs_profiler *prof, struct server *server, struct live *live,
				      struct checkpoints *checkpoints, __u64 end)
{
	struct progress progress = progress_begin(checkpoints->opts, live);
	__u64 now = clock_now_ns(), next_show = now;
	enum dcbs_ended_by by;

	while ((by = poll_end(prof, live, now >= end)) == DCBS_ENDED_RUNNING) {
		__u64 due;

		if (live_is_due(live, now >= next_show))
			show_live_table(live, prof);
		if (now >= next_show)
			next_show = now + to_ns(checkpoints->opts->interval_s);
		checkpoint_if_due(prof, checkpoints, now);
		progress_if_due(prof, &progress, now);
		due = earlier_ns(dcbs_profiler_due_ns(prof), earlier_ns(next_show, checkpoints->next_ns));
		if (progress.wanted)
			due = earlier_ns(due, progress.next_ns);
		wait_until(prof, live, server, earlier_ns(due, end));
		now = clock_now_ns();
	}
	return by;
}

enum dcbs_ended_by watch(struct dcbs_profiler *prof, struct server *server, struct outputs *outputs, const struct opts *opts)
{
	__u64 end = opts->duration_s > 0 ? clock_now_ns() + to_ns(opts->duration_s) : ~0ULL;
	struct checkpoints checkpoints = checkpoints_begin(outputs, opts);
	struct live *live = NULL;
	enum dcbs_ended_by by;
	sigset_t old;

	/* Signals are delivered only in ppoll(), so that none is lost between poll_end() and the wait. */
	signals_block(&old);
	if (wants_live_table(opts) && live_open(&live))
		live = NULL;
	by = watch_until(prof, server, live, &checkpoints, end);
	live_close(live);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return by;
}
