/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * session.h - the BPF programs, attached: from open to the last figure.
 *
 * Order of life: session_open loads; session_add names the targets; session_start attaches and opens
 * the window; session_poll now and then; session_stop closes the window; session_close detaches.
 */
#ifndef COLLECT_SESSION_H
#define COLLECT_SESSION_H

#include <stdbool.h>
#include <stdio.h>

#include "collect/snapshot.h"
#include "collect/target.h"
#include "dcbs/profiler.h"

struct session;

/* CLOCK_MONOTONIC, the clock of all times here. */
__u64 session_now_ns(void);

/* The same as Unix time. */
double session_unix_time(__u64 ns);

/* CPU time of the calling thread. */
__u64 session_cpu_ns(void);

/* Loads the programs for that many targets. */
int session_open(struct session **session, const struct dcbs_options *opts, size_t nr_targets);

/* Adds a running process. */
int session_add(struct session *session, pid_t pid);

/* Says what the target that was added last will be, for a command that has yet to be executed. */
void session_expect(struct session *session, char **argv);

/* Attaches to the targets; when it returns, their sections are counted. */
int session_start(struct session *session);

/* What has been attached, in words. */
void session_describe(const struct session *session, FILE *out);

/* Looks after the targets: who has ended, loaded the markers only now, or executed another image. False: all have ended. */
bool session_poll(struct session *session);

/* True while some target is awaited to show its markers: session_poll should be called often. */
bool session_waits(const struct session *session);

/* When session_poll should be called, to follow children and to keep the cost within its limit: `next`, or earlier. CLOCK_MONOTONIC ns. */
__u64 session_due(const struct session *session, __u64 next);

/* True while stacks are sampled: session_poll should be called some times a second, before the kernel's ring is full. */
bool session_samples(const struct session *session);

/* True when the cost cannot be kept within its limit: the run is to end. */
bool session_is_too_dear(const struct session *session);

/* Ends the window: what finishes later is not counted, and what finished before has been read. */
void session_stop(struct session *session, enum dcbs_ended_by by);

/* The figures so far. */
int session_snapshot(struct session *session, struct snapshot **snap);

/* Forgets the figures so far. */
void session_clear(struct session *session);

/* Descriptors that become readable when a target ends, a child comes, or samples fill their ring; returns how many were stored. */
size_t session_pidfds(const struct session *session, int *fds, size_t max);

/* The targets, those that have ended included; returns how many were stored. */
size_t session_pids(const struct session *session, pid_t *pids, size_t max);

/* The figures are those of several processes. */
bool session_adds_up(const struct session *session);

void session_close(struct session *session);

#endif
