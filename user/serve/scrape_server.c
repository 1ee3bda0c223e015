// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* scrape_server.c - answers scrapers of Prometheus by HTTP. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/scrape_request.h"
#include "serve/scrape_server.h"

#define REQUEST_NS 2000000000ULL	/* limit for a request to arrive ... */
#define ANSWER_NS 5000000000ULL		/* ... and for its answer to be read */
#define FRESH_NS 500000000ULL		/* figures that are younger are sent to further scrapers */
#define ACCEPT_NS 100000000ULL		/* in each period of this length ... */
#define ACCEPT_MAX 4			/* ... up to this many connections are accepted */

#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PROTOBUF_TYPE "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

struct figures {
	char *text;
	size_t size;
	__u64 built_ns;
	unsigned int users;
};

struct scraper {
	int fd;				/* -1: unused */
	__u64 until_ns;			/* it is dropped then */
	char request[SCRAPE_REQUEST];
	size_t nr_request;
	char head[512];			/* of the answer; empty: the request is not complete */
	size_t sent;			/* bytes of head and body */
	struct figures *body;		/* NULL: none */
};

struct scrape_server {
	int listener;
	struct scrape_source source;
	struct scraper scrapers[SCRAPE_CLIENTS];
	struct figures *latest[2];	/* as text, as protobuf; NULL: none */
	__u64 accept_since_ns;
	unsigned int accepted;		/* since then */
};

/* ---- figures ---- */

static void figures_put(struct figures *f)
{
	assert(!f || f->users);
	if (!f || --f->users)
		return;
	free(f->text);
	free(f);
}

static struct figures *figures_build(const struct scrape_server *server, bool protobuf)
{
	struct figures *f = calloc(1, sizeof(*f));

	if (f && server->source.build(server->source.ctx, protobuf, &f->text, &f->size)) {
		f->built_ns = clock_now_ns();
		f->users = 1;
		return f;
	}
	free(f);
	return NULL;
}

static void forget_figures(struct scrape_server *server, __u64 before_ns)
{
	int i;

	for (i = 0; i < 2; i++)
		if (server->latest[i] && server->latest[i]->built_ns + FRESH_NS <= before_ns) {
			figures_put(server->latest[i]);
			server->latest[i] = NULL;
		}
}

static struct figures *figures_get(struct scrape_server *server, bool protobuf)
{
	struct figures **latest = &server->latest[protobuf];

	forget_figures(server, clock_now_ns());
	if (!*latest)
		*latest = figures_build(server, protobuf);
	if (*latest)
		(*latest)->users++;
	return *latest;
}

/* ---- one scraper ---- */

static void scraper_drop(struct scraper *s)
{
	close(s->fd);
	figures_put(s->body);
	s->body = NULL;
	s->fd = -1;
}

static void write_head(struct scraper *s, const char *status, const char *type, size_t size)
{
	snprintf(s->head, sizeof(s->head), "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		 "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n", status, type, size);
}

static void answer_figures(struct scrape_server *server, struct scraper *s, const struct scrape_request *request)
{
	s->body = figures_get(server, request->protobuf);
	if (!s->body) {
		write_head(s, "503 Service Unavailable", TEXT_TYPE, 0);
		return;
	}
	write_head(s, "200 OK", request->protobuf ? PROTOBUF_TYPE : TEXT_TYPE, s->body->size);
	if (request->head) {
		figures_put(s->body);
		s->body = NULL;
	}
}

static void answer_if_complete(struct scrape_server *server, struct scraper *s)
{
	struct scrape_request request;

	switch (scrape_request_read(s->request, s->nr_request, &request)) {
	case SCRAPE_PART_OF_REQUEST:
		return;
	case SCRAPE_FIGURES:
		answer_figures(server, s, &request);
		break;
	case SCRAPE_NOT_FOUND:
		write_head(s, "404 Not Found", TEXT_TYPE, 0);
		break;
	case SCRAPE_NO_METHOD:
		write_head(s, "405 Method Not Allowed\r\nAllow: GET, HEAD", TEXT_TYPE, 0);
		break;
	case SCRAPE_NO_REQUEST:
		write_head(s, "400 Bad Request", TEXT_TYPE, 0);
		break;
	case SCRAPE_TOO_LONG:
		write_head(s, "431 Request Header Fields Too Large", TEXT_TYPE, 0);
		break;
	}
	s->until_ns = clock_now_ns() + ANSWER_NS;
}

/* Returns false if the connection is done. So do scraper_write() and scraper_step(). */
static bool scraper_read(struct scrape_server *server, struct scraper *s)
{
	ssize_t n = recv(s->fd, s->request + s->nr_request, sizeof(s->request) - s->nr_request, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	s->nr_request += (size_t)n;
	answer_if_complete(server, s);
	return true;
}

static ssize_t send_part(int fd, const char *bytes, size_t size)
{
	return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool scraper_write(struct scraper *s)
{
	size_t head = strlen(s->head), size = head + (s->body ? s->body->size : 0);
	ssize_t n;

	if (s->sent < head)
		n = send_part(s->fd, s->head + s->sent, head - s->sent);
	else
		n = send_part(s->fd, s->body->text + (s->sent - head), size - s->sent);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	s->sent += (size_t)n;
	return s->sent < size;
}

static bool scraper_step(struct scrape_server *server, struct scraper *s)
{
	if (clock_now_ns() >= s->until_ns)
		return false;
	if (!s->head[0] && !scraper_read(server, s))
		return false;
	return !s->head[0] || scraper_write(s);
}

/* ---- connections ---- */

static struct scraper *free_scraper(struct scrape_server *server)
{
	size_t i;

	for (i = 0; i < SCRAPE_CLIENTS; i++)
		if (server->scrapers[i].fd < 0)
			return &server->scrapers[i];
	return NULL;
}

/* Returns true if no more connections are accepted in this period. */
static bool accepted_enough(const struct scrape_server *server)
{
	return server->accepted >= ACCEPT_MAX;
}

static void accept_scrapers(struct scrape_server *server)
{
	struct scraper *s;
	int fd;

	while (!accepted_enough(server) && (s = free_scraper(server))) {
		fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		server->accepted++;
		s->fd = fd;
		s->until_ns = clock_now_ns() + REQUEST_NS;
		s->nr_request = s->sent = 0;
		s->head[0] = 0;
	}
}

/* ---- the server ---- */

size_t scrape_server_fds(const struct scrape_server *server, struct pollfd *fds)
{
	bool room = false;
	size_t i, n = 0;

	for (i = 0; i < SCRAPE_CLIENTS; i++) {
		const struct scraper *s = &server->scrapers[i];

		if (s->fd >= 0)
			fds[n++] = (struct pollfd){.fd = s->fd, .events = s->head[0] ? POLLOUT : POLLIN};
		else
			room = true;
	}
	if (room && !accepted_enough(server))
		fds[n++] = (struct pollfd){.fd = server->listener, .events = POLLIN};
	return n;
}

__u64 scrape_server_due_ns(const struct scrape_server *server)
{
	__u64 due = accepted_enough(server) ? server->accept_since_ns + ACCEPT_NS : ~0ULL;
	size_t i;

	for (i = 0; i < 2; i++)
		if (server->latest[i] && server->latest[i]->built_ns + FRESH_NS < due)
			due = server->latest[i]->built_ns + FRESH_NS;
	for (i = 0; i < SCRAPE_CLIENTS; i++)
		if (server->scrapers[i].fd >= 0 && server->scrapers[i].until_ns < due)
			due = server->scrapers[i].until_ns;
	return due;
}

void scrape_server_step(struct scrape_server *server)
{
	__u64 now = clock_now_ns();
	size_t i;

	forget_figures(server, now);
	if (now >= server->accept_since_ns + ACCEPT_NS) {
		server->accept_since_ns = now;
		server->accepted = 0;
	}
	accept_scrapers(server);
	for (i = 0; i < SCRAPE_CLIENTS; i++)
		if (server->scrapers[i].fd >= 0 && !scraper_step(server, &server->scrapers[i]))
			scraper_drop(&server->scrapers[i]);
}

struct scrape_server *scrape_server_open(int listener, const struct scrape_source *source)
{
	struct scrape_server *server = calloc(1, sizeof(*server));
	size_t i;

	if (!server) {
		close(listener);
		return NULL;
	}
	server->listener = listener;
	server->source = *source;
	for (i = 0; i < SCRAPE_CLIENTS; i++)
		server->scrapers[i].fd = -1;
	return server;
}

void scrape_server_close(struct scrape_server *server)
{
	size_t i;

	if (!server)
		return;
	for (i = 0; i < SCRAPE_CLIENTS; i++)
		if (server->scrapers[i].fd >= 0)
			scraper_drop(&server->scrapers[i]);
	forget_figures(server, ~0ULL);
	close(server->listener);
	free(server);
}
