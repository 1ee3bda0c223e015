/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * scrape_server.h - answers scrapers of Prometheus by HTTP: GET /metrics.
 *
 * Scrapers are not trusted. The bytes and the time of a request and of its answer are bounded, as is the number of connections at
 * a time and in a period. No function here waits for a scraper. Figures are built at most twice a second for each
 * format, whatever the number of requests. It is HTTP/1.1 with one request a connection: a library for more would need
 * system calls that the confined profiler has given up.
 */
#ifndef SERVE_SCRAPE_SERVER_H
#define SERVE_SCRAPE_SERVER_H

#include <linux/types.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define SCRAPE_CLIENTS 8	/* at a time */
#define SCRAPE_FDS (SCRAPE_CLIENTS + 1)

/* The source of the figures. build() stores a text of malloc() and its size, and returns false if there are no figures. */
struct scrape_source {
	void *ctx;
	bool (*build)(void *ctx, bool protobuf, char **text, size_t *size);
};

struct scrape_server;

/* Takes the listening descriptor, also if it returns NULL, for want of memory. */
struct scrape_server *scrape_server_open(int listener, const struct scrape_source *source);

/* Stores the descriptors to poll, at most SCRAPE_FDS, and returns their number. */
size_t scrape_server_fds(const struct scrape_server *server, struct pollfd *fds);

/* Returns the time of the next scrape_server_step() at the latest. */
__u64 scrape_server_due_ns(const struct scrape_server *server);

/* Accepts, reads and writes as far as possible without waiting. */
void scrape_server_step(struct scrape_server *server);

void scrape_server_close(struct scrape_server *server);

#endif
