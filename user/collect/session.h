/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * session.h - the life of a measurement.
 *
 * session_open() loads the BPF programs, session_add() adds the targets, session_start() attaches and opens the window,
 * session_poll() is called until session_stop() closes the window, and session_close() detaches.
 */
#ifndef COLLECT_SESSION_H
#define COLLECT_SESSION_H

#include <stdbool.h>
#include <stdio.h>

#include "collect/facts.h"
#include "collect/target/target.h"
#include "dcbs/profiler.h"

struct session;

/* Loads the BPF programs for up to nr_targets processes that are given by PID. */
int session_open(struct session **session, const struct dcbs_options *opts, size_t nr_targets);

/* Adds a running process. */
int session_add(struct session *session, pid_t pid);

/* Gives the target that was added last the name and arguments of the command that it has yet to execute. */
void session_expect(struct session *session, char *const *argv);

/* Attaches to the targets. When it returns, their sections are counted. */
int session_start(struct session *session);

/* Prints the targets, and the number of probes and maps. */
void session_describe(const struct session *session, FILE *out);

/*
 * Examines the targets: some may have ended, loaded the markers only now, or called execve(). Keeps the cost within the budget
 * and takes the samples out of the kernel's ring. Returns false when all targets have ended.
 */
bool session_poll(struct session *session);

/* Changes the periods of the sampling ticks, if it is time. Returns the CLOCK_MONOTONIC ns at which to do so again between two polls. */
__u64 session_change_ticks(struct session *session);

/* The CLOCK_MONOTONIC ns at which session_poll() is to be called again, at the latest. */
__u64 session_due(const struct session *session, __u64 now);

/* Returns true when the cost cannot be kept within the budget: the run is to end. */
bool session_is_over_budget(const struct session *session);

/* Ends the window. Calls that end later are not counted. When it returns, those that ended before have been read. */
void session_stop(struct session *session, enum dcbs_ended_by by);

/* Takes a snapshot of the stats so far, to be freed with snapshot_free(). */
int session_snapshot(struct session *session, struct snapshot **snap);

/* Forgets the stats so far and begins a new window. */
void session_clear(struct session *session);

/* Stores descriptors that become readable when a target ends, a child comes, or samples fill their ring. Returns their number. */
size_t session_fds(const struct session *session, int *fds, size_t max);

/* Stores the PIDs of the targets, those that have ended included. Returns their number. */
size_t session_pids(const struct session *session, pid_t *pids, size_t max);

/* Returns true if the stats are sums over several processes. */
bool session_is_sum(const struct session *session);

void session_close(struct session *session);

#endif
