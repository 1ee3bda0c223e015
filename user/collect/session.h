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

#include "collect/facts.h"
#include "collect/target/target.h"
#include "dcbs/profiler.h"

struct session;

/* Loads the programs for that many targets. */
int session_open(struct session **session, const struct dcbs_options *opts, size_t nr_targets);

/* Adds a running process. */
int session_add(struct session *session, pid_t pid);

/* Names the target that was added last after the command that it has yet to execute. */
void session_expect(struct session *session, char *const *argv);

/* Attaches to the targets; when it returns, their sections are counted. */
int session_start(struct session *session);

/* What has been attached, in words. */
void session_describe(const struct session *session, FILE *out);

/*
 * Looks after the targets: some may have ended, loaded the markers only now, or executed another image. Keeps the cost
 * within its limit and takes the samples out of the kernel's ring. Returns false when all targets have ended.
 */
bool session_poll(struct session *session);

/* The CLOCK_MONOTONIC ns at which session_poll() should be called again, at the latest. */
__u64 session_due(const struct session *session, __u64 now);

/* Returns true when the cost cannot be kept within its limit: the run is to end. */
bool session_is_over_budget(const struct session *session);

/* Ends the window: what finishes later is not counted, and what finished before has been read. */
/* See dcbs_profiler_confine(). */
int session_confine(struct session *session);

void session_stop(struct session *session, enum dcbs_ended_by by);

/* The figures so far. */
int session_snapshot(struct session *session, struct snapshot **snap);

/* Forgets the figures so far. */
void session_clear(struct session *session);

/* Descriptors that become readable when a target ends, a child comes, or samples fill their ring; returns how many were stored. */
size_t session_fds(const struct session *session, int *fds, size_t max);

/* The targets, those that have ended included; returns how many were stored. */
size_t session_pids(const struct session *session, pid_t *pids, size_t max);

/* Returns true if the figures are sums over several processes. */
bool session_is_sum(const struct session *session);

void session_close(struct session *session);

#endif
