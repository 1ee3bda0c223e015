/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * serve.h - tells a profiled process its own figures when it asks for them.
 *
 * At the process's rendezvous it says "dcbs 1 report\n" and gets "dcbs 1 ok\n" and the JSON document of its
 * session so far, or "dcbs 1 no REASON\n"; then the connection is closed.
 *
 * The process is not trusted. What it sends is bounded, in bytes and in time, so is how often it is heard,
 * and nothing here waits for it.
 */
#ifndef SERVE_H
#define SERVE_H

#include <poll.h>

#include "collect/session.h"

#define SERVE_CLIENTS 8		/* at a time */
#define SERVE_FDS (BPFPROF_PROCESSES + SERVE_CLIENTS)
#define SERVE_REQUEST 64	/* bytes, with the newline */

struct serve;

/*
 * A socket for each of the session's targets. Where there can be none the profile goes on without, and `said`
 * is told why; NULL: nobody wants to know.
 */
int serve_open(struct serve **serve, struct session *session, double threshold_s, FILE *said);

/* What to poll for, at most SERVE_FDS; and when to step at the latest. */
size_t serve_fds(const struct serve *serve, struct pollfd *fds);
__u64 serve_due_ns(const struct serve *serve);

/* Does what can be done without waiting. */
void serve_step(struct serve *serve);

void serve_close(struct serve *serve);

/* Of the bytes that have come so far. 1: a request; 0: not all of it yet; -1: none. */
int serve_request(const char *bytes, size_t nr);

#endif
