/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * server.h - tells a profiled process its own figures when it asks for them.
 *
 * At the process's rendezvous it says "dcbs 1 report\n" and gets "dcbs 1 ok\n" and the JSON document of its
 * session so far, or "dcbs 1 no REASON\n"; then the connection is closed.
 *
 * The process is not trusted. What it sends is bounded, in bytes and in time, so is how often it is heard,
 * and nothing here waits for it.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <poll.h>

#include <linux/types.h>
#include <stdio.h>

#include "bpfprof/abi.h"
#include "dcbs/profiler.h"

#define SERVER_CLIENTS 8		/* at a time */
#define SERVER_FDS (BPFPROF_PROCESSES + SERVER_CLIENTS)
#define SERVER_REQUEST 64	/* bytes, with the newline */

struct server;

/*
 * A socket for each of the profiler's targets. Where there can be none the profile goes on without, and `said`
 * is told why; NULL: nobody wants to know.
 */
int server_open(struct server **server, struct dcbs_profiler *prof, FILE *said);

/* What to poll for, at most SERVER_FDS; and when to step at the latest. */
size_t server_fds(const struct server *server, struct pollfd *fds);
__u64 server_due_ns(const struct server *server);

/* Does what can be done without waiting. */
void server_step(struct server *server);

void server_close(struct server *server);

/* Of the bytes that have come so far. 1: a request; 0: not all of it yet; -1: none. */
int server_request(const char *bytes, size_t nr);

#endif
