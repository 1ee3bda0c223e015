// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* server.c - answers a profiled process that asks for its own report. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "serve/target_socket.h"
#include "serve/server.h"

#define CLIENT_NS 250000000ULL		/* limit for the request to arrive, and again for the answer to be read */
#define FRESH_NS 200000000ULL		/* age up to which a document is sent to further clients, at least */
#define SUMMARY_SECTIONS 256		/* of a summary */
#define ACCEPT_NS 100000000ULL		/* in each period of this length ... */
#define ACCEPT_MAX 32			/* ... up to this many connections are accepted, so that a flood does not stop the profiler's work */

static const char *const requests[] = {[SERVER_SUMMARY] = "dcbs 1 summary\n", [SERVER_REPORT] = "dcbs 1 report\n"};

struct document {
	char *text;
	size_t size;
	__u64 replace_ns;		/* the time from which another one may be built in its place */
	unsigned int users;
};

struct client {
	int fd;				/* -1: unused */
	__u64 until_ns;			/* it is dropped then */
	char request[SERVER_REQUEST];	/* as much as has arrived */
	size_t nr_request;
	struct document *document;	/* its answer; NULL: the request is not complete */
	size_t sent;			/* bytes of the document */
};

struct server {
	struct dcbs_profiler *prof;
	pid_t pids[BPFPROF_PROCESSES];
	int listeners[BPFPROF_PROCESSES];
	size_t nr_listeners;
	struct client clients[SERVER_CLIENTS];
	struct document *latest[SERVER_ANSWERS];	/* NULL: there is none, or it is too old */
	__u64 accept_since_ns;
	unsigned int accepted;		/* since then */
	struct scrape_server *scrapes;	/* NULL: there is none */
};

/* ---- documents ---- */

static void document_put(struct document *doc)
{
	assert(!doc || doc->users);
	if (!doc || --doc->users)
		return;
	free(doc->text);
	free(doc);
}

/* The sections with most time, and no functions, stacks, frames and threads: the parts of a report that may be large. */
static char *summary_text(const struct dcbs_report *report)
{
	struct dcbs_report summary = *report;

	summary.nr_functions = summary.nr_stacks = summary.nr_frames = summary.nr_threads = summary.nr_outside = 0;
	if (summary.nr_sections > SUMMARY_SECTIONS)
		summary.nr_sections = SUMMARY_SECTIONS;
	return dcbs_report_json(&summary);
}

static char *document_text(const struct server *server, enum server_answer answer)
{
	struct dcbs_report *report;
	char *text;

	if (dcbs_profiler_snapshot(server->prof, &report))
		return NULL;
	text = answer == SERVER_SUMMARY ? summary_text(report) : dcbs_report_json(report);
	dcbs_report_free(report);
	return text;
}

/* A client waits while a document is built. So the next one is built when that is within the budget again. */
static __u64 next_build_ns(const struct server *server, __u64 began, __u64 now)
{
	__u64 paid_ns = dcbs_profiler_answered(server->prof, now - began);

	return paid_ns > now + FRESH_NS ? paid_ns : now + FRESH_NS;
}

static struct document *document_build(struct server *server, enum server_answer answer)
{
	struct document *doc = calloc(1, sizeof(*doc));
	__u64 begin_ns = clock_now_ns();

	if (doc)
		doc->text = document_text(server, answer);
	if (!doc || !doc->text) {
		free(doc);
		return NULL;
	}
	doc->size = strlen(doc->text);
	doc->replace_ns = next_build_ns(server, begin_ns, clock_now_ns());
	doc->users = 1;
	return doc;
}

static void forget_documents(struct server *server, __u64 now)
{
	int i;

	for (i = 0; i < SERVER_ANSWERS; i++) {
		if (!server->latest[i] || now < server->latest[i]->replace_ns)
			continue;
		document_put(server->latest[i]);
		server->latest[i] = NULL;
	}
}

static struct document *document_get(struct server *server, enum server_answer answer)
{
	struct document **latest = &server->latest[answer];

	forget_documents(server, clock_now_ns());
	if (!*latest)
		*latest = document_build(server, answer);
	if (*latest)
		(*latest)->users++;
	return *latest;
}

/* ---- one client ---- */

/* Sends the first words to a client. The empty socket buffer has room for them unless the client has closed it. */
static bool send_words(int fd, const char *words)
{
	size_t size = strlen(words);

	return send(fd, words, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

static void client_drop(struct client *c)
{
	close(c->fd);
	document_put(c->document);
	*c = (struct client){.fd = -1};
}

int server_request(const char *bytes, size_t nr)
{
	int i, answer = SERVER_NO_REQUEST;

	for (i = 0; i < SERVER_ANSWERS; i++) {
		size_t size = strlen(requests[i]);

		if (nr == size && !memcmp(bytes, requests[i], size))
			return i;
		if (nr < size && !memcmp(bytes, requests[i], nr))
			answer = SERVER_PART_OF_REQUEST;
	}
	return answer;
}

/* Sends "ok" before it builds the document, because a client waits only a short time for the first word. */
static bool client_answer(struct server *server, struct client *c, enum server_answer answer)
{
	if (dcbs_profiler_is_sum(server->prof)) {
		send_words(c->fd, "dcbs 1 no the profiler has attached to several processes and adds up their figures\n");
		return false;
	}
	if (!send_words(c->fd, "dcbs 1 ok\n"))
		return false;
	c->document = document_get(server, answer);
	c->until_ns = clock_now_ns() + CLIENT_NS;
	return c->document;
}

/* Returns false if the connection is done. So do client_write() and client_step(). */
static bool client_read(struct server *server, struct client *c)
{
	ssize_t n = recv(c->fd, c->request + c->nr_request, sizeof(c->request) - c->nr_request, MSG_DONTWAIT);
	int answer;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->nr_request += (size_t)n;
	answer = server_request(c->request, c->nr_request);
	if (answer == SERVER_NO_REQUEST)
		send_words(c->fd, "dcbs 1 no this profiler understands: dcbs 1 summary, dcbs 1 report\n");
	return answer >= 0 ? client_answer(server, c, (enum server_answer)answer) : answer == SERVER_PART_OF_REQUEST;
}

static bool client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->document->text + c->sent, c->document->size - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	return c->sent < c->document->size;
}

static bool client_step(struct server *server, struct client *c)
{
	if (clock_now_ns() >= c->until_ns)
		return false;
	if (!c->document && !client_read(server, c))
		return false;
	return !c->document || client_write(c);
}

/* ---- connections ---- */

static struct client *free_client(struct server *server)
{
	size_t i;

	for (i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

/* Returns true if no more connections are accepted in this period. */
static bool accepted_enough(const struct server *server)
{
	return server->accepted >= ACCEPT_MAX;
}

static void accept_all(struct server *server, int listener, pid_t pid)
{
	struct client *c;
	int fd;

	while (!accepted_enough(server) && (c = free_client(server))) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		server->accepted++;
		if (target_socket_is_with(fd, pid)) {
			*c = (struct client){.fd = fd, .until_ns = clock_now_ns() + CLIENT_NS};
			continue;
		}
		send_words(fd, "dcbs 1 no these figures are for the process itself\n");
		close(fd);
	}
}

/* ---- the server ---- */

size_t server_fds(const struct server *server, struct pollfd *fds)
{
	bool room = false;
	size_t i, n = 0;

	for (i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &server->clients[i];

		if (c->fd >= 0)
			fds[n++] = (struct pollfd){.fd = c->fd, .events = c->document ? POLLOUT : POLLIN};
		else
			room = true;
	}
	for (i = 0; i < server->nr_listeners && room && !accepted_enough(server); i++)
		fds[n++] = (struct pollfd){.fd = server->listeners[i], .events = POLLIN};
	return server->scrapes ? n + scrape_server_fds(server->scrapes, &fds[n]) : n;
}

static __u64 earlier_ns(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

__u64 server_due_ns(const struct server *server)
{
	__u64 due = server->scrapes ? scrape_server_due_ns(server->scrapes) : ~0ULL;
	size_t i;

	if (accepted_enough(server))
		due = earlier_ns(due, server->accept_since_ns + ACCEPT_NS);
	for (i = 0; i < SERVER_ANSWERS; i++)
		if (server->latest[i])
			due = earlier_ns(due, server->latest[i]->replace_ns);
	for (i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			due = earlier_ns(due, server->clients[i].until_ns);
	return due;
}

void server_step(struct server *server)
{
	__u64 now = clock_now_ns();
	size_t i;

	forget_documents(server, now);
	if (now >= server->accept_since_ns + ACCEPT_NS) {
		server->accept_since_ns = now;
		server->accepted = 0;
	}
	for (i = 0; i < server->nr_listeners; i++)
		accept_all(server, server->listeners[i], server->pids[i]);
	for (i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd >= 0 && !client_step(server, &server->clients[i]))
			client_drop(&server->clients[i]);
	if (server->scrapes)
		scrape_server_step(server->scrapes);
}

void server_answer_scrapes(struct server *server, struct scrape_server *scrapes)
{
	server->scrapes = scrapes;
}

int server_open(struct server **result, struct dcbs_profiler *prof, FILE *messages)
{
	struct server *server = calloc(1, sizeof(*server));
	pid_t pids[BPFPROF_PROCESSES];
	size_t i, n = dcbs_profiler_pids(prof, pids, BPFPROF_PROCESSES);

	if (!server)
		return fail(-ENOMEM, "out of memory");
	server->prof = prof;
	for (i = 0; i < SERVER_CLIENTS; i++)
		server->clients[i].fd = -1;
	for (i = 0; i < n; i++) {
		int fd = target_socket_open(pids[i]);

		if (fd < 0 && messages)
			fprintf(messages, "%s\n", dcbs_profiler_error());
		if (fd < 0)
			continue;
		server->pids[server->nr_listeners] = pids[i];
		server->listeners[server->nr_listeners++] = fd;
	}
	*result = server;
	return 0;
}

void server_close(struct server *server)
{
	size_t i;

	if (!server)
		return;
	for (i = 0; i < SERVER_CLIENTS; i++)
		if (server->clients[i].fd >= 0)
			client_drop(&server->clients[i]);
	for (i = 0; i < server->nr_listeners; i++)
		close(server->listeners[i]);
	forget_documents(server, ~0ULL);
	scrape_server_close(server->scrapes);
	free(server);
}
