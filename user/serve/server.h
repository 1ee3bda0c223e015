/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * server.h - answers a profiled process that asks for its own report.
 *
 * The process connects to its socket (target_socket.h) and sends a request. It gets "dcbs 1 ok\n" and the JSON document
 * of its session so far, or "dcbs 1 no REASON\n"; then the connection is closed. The requests are
 *
 *     dcbs 1 summary\n	the document without functions, stacks, frames and threads, with up to 256 sections
 *     dcbs 1 report\n		the whole document
 *
 * The process waits for its answer, and a document of thousands of functions takes a while. So building documents takes
 * at most its part of --max-overhead, and 0.3 s besides: a request in between is answered by the latest document.
 *
 * The process is not trusted. The bytes and the time of a request are bounded, as is the number of connections in a
 * period, and no function here waits for a client.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <poll.h>

#include <linux/types.h>
#include <stdio.h>

#include "bpfprof/abi.h"
#include "dcbs/profiler.h"
#include "serve/scrape_server.h"

#define SERVER_CLIENTS 8		/* at a time */
#define SERVER_FDS (BPFPROF_PROCESSES + SERVER_CLIENTS + SCRAPE_FDS)
#define SERVER_REQUEST 64	/* bytes, with the newline */

/* Answers that a request may ask for. */
enum server_answer { SERVER_SUMMARY, SERVER_REPORT, SERVER_ANSWERS };

#define SERVER_PART_OF_REQUEST (-1)
#define SERVER_NO_REQUEST (-2)

struct server;

/*
 * Opens a socket for each target of the profiler. Where a socket cannot be opened, the profile continues without it, and
 * the reason is written to `messages`; NULL: it is not written.
 */
int server_open(struct server **server, struct dcbs_profiler *prof, FILE *messages);

/* From now on scrapers are answered, too. The server takes their server. */
void server_answer_scrapes(struct server *server, struct scrape_server *scrapes);

/* Stores the descriptors to poll, at most SERVER_FDS, and returns their number. */
size_t server_fds(const struct server *server, struct pollfd *fds);

/* Returns the time of the next server_step() at the latest. */
__u64 server_due_ns(const struct server *server);

/* Accepts, reads and writes as far as possible without waiting. */
void server_step(struct server *server);

void server_close(struct server *server);

/* Examines the bytes that have arrived so far. Returns an enum server_answer, SERVER_PART_OF_REQUEST or SERVER_NO_REQUEST. */
int server_request(const char *bytes, size_t nr);

#endif
