// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* watch.c - the time between attach and report: the live table, the clock, Ctrl-C. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyse/report.h"
#include "render/live.h"
#include "watch.h"

#define SOON_NS 5000000ULL	/* between looks at a target that has yet to load the markers ... */
#define SOON_FOR_NS 3000000000ULL	/* ... and for how long; then it is looked at now and then */
#define SAMPLES_NS 100000000ULL	/* names are read soon after a sample, and its ring does not fill up */
#define LATER_NS 250000000ULL

static volatile sig_atomic_t stop_asked;

static void on_signal(int sig)
{
	(void)sig;
	stop_asked = 1;
}

static void handle(void (*handler)(int))
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = handler};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

void watch_signals(void)
{
	handle(on_signal);
}

static volatile sig_atomic_t final_status;

static void on_signal_at_end(int sig)
{
	(void)sig;
	_exit(final_status);
}

void watch_signals_done(int status)
{
	final_status = status;
	handle(on_signal_at_end);
}

static __u64 to_ns(double seconds)
{
	return (__u64)(seconds * 1e9);
}

static void show(struct live *live, struct session *session, const struct opts *opts)
{
	struct dcbs_report *report;
	struct snapshot *snap;

	if (!live || session_snapshot(session, &snap))
		return;
	if (!report_build(&report, snap, opts->threshold_s)) {
		live_show(live, report);
		dcbs_report_free(report);
	}
	snapshot_free(snap);
}

/* False: a signal came. */
static bool poll_until(struct pollfd *fds, size_t nr, __u64 until)
{
	__u64 now = session_now_ns();
	struct timespec timeout = {0};
	sigset_t none;

	if (until > now) {
		timeout.tv_sec = (time_t)((until - now) / 1000000000);
		timeout.tv_nsec = (long)((until - now) % 1000000000);
	}
	sigemptyset(&none);
	return ppoll(fds, nr, &timeout, &none) >= 0;
}

/* Waits until `until`, the end of a target, a key, or a signal. Those who ask are answered and end no wait. */
static void wait_until(const struct session *session, const struct live *live, struct serve *serve, __u64 until)
{
	struct pollfd fds[BPFPROF_FOLLOWED + 3 + SERVE_FDS];
	int pidfds[BPFPROF_FOLLOWED + 2];
	size_t i, nr, n = session_pidfds(session, pidfds, BPFPROF_FOLLOWED + 2);
	bool mine = false;

	for (i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = pidfds[i], .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = live_fd(live), .events = POLLIN};
	do {
		__u64 due = serve_due_ns(serve);

		nr = n + serve_fds(serve, &fds[n]);
		if (!poll_until(fds, nr, due < until ? due : until))
			return;
		serve_step(serve);
		for (i = 0; i < n; i++)
			mine |= fds[i].revents != 0;
	} while (!mine && session_now_ns() < until);
}

static __u64 next_look(const struct session *session, __u64 start, __u64 now, const struct opts *opts)
{
	if (!session_waits(session))
		return now + (session_samples(session) ? SAMPLES_NS : to_ns(opts->interval_s));
	return now + (now - start < SOON_FOR_NS ? SOON_NS : LATER_NS);
}

/* A command that we started has the terminal for itself. */
static bool wants_live(const struct opts *opts)
{
	return !opts->quiet && !opts->argv;
}

enum dcbs_ended_by watch(struct session *session, struct serve *serve, const struct opts *opts)
{
	__u64 start = session_now_ns(), end = opts->duration_s > 0 ? start + to_ns(opts->duration_s) : ~0ULL;
	__u64 now = start, next_show = start;
	enum dcbs_ended_by by = DCBS_ENDED_RUNNING;
	struct live *live = NULL;
	sigset_t blocked, old;

	/* Signals arrive only while we wait, so that none slips in between the look and the wait. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &old);
	if (wants_live(opts) && live_open(&live))
		live = NULL;
	while (by == DCBS_ENDED_RUNNING) {
		__u64 next;

		if (!session_poll(session))
			by = DCBS_ENDED_TARGET_EXIT;
		else if (stop_asked || (live && live_quit_requested(live)))
			by = DCBS_ENDED_SIGNAL;
		else if (now >= end)
			by = DCBS_ENDED_DURATION;
		else if (session_is_too_dear(session))
			by = DCBS_ENDED_COST;
		if (by != DCBS_ENDED_RUNNING)
			break;
		if (now >= next_show) {
			show(live, session, opts);
			next_show = now + to_ns(opts->interval_s);
		}
		next = session_due(session, next_look(session, start, now, opts));
		if (next > next_show)
			next = next_show;
		wait_until(session, live, serve, next < end ? next : end);
		now = session_now_ns();
	}
	live_close(live);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return by;
}
