// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* serve.c - tells a profiled process its own figures when it asks for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyse/report.h"
#include "fail.h"
#include "rendezvous.h"
#include "serve.h"

#define CLIENT_NS 250000000ULL		/* for a request to come, and again for the answer to be taken */
#define DOCUMENT_NS 200000000ULL	/* so long one document is good for all who ask */
#define HEARD_NS 100000000ULL		/* in so long a time ... */
#define HEARD_MAX 32			/* ... so many connections are looked at: a flood of them is not to keep us from our work */

static const char request[] = "dcbs 1 report\n";

struct document {
	char *text;
	size_t size;
	__u64 built_ns;
	unsigned int users;
};

struct client {
	int fd;				/* -1: nobody */
	__u64 until_ns;			/* then it has had its time */
	char asked[SERVE_REQUEST];
	size_t nr_asked;
	struct document *document;	/* NULL: it has not asked yet */
	size_t sent;			/* of that */
};

struct serve {
	struct session *session;
	double threshold_s;
	pid_t pids[BPFPROF_PROCESSES];
	int listeners[BPFPROF_PROCESSES];
	size_t nr_listeners;
	struct client clients[SERVE_CLIENTS];
	struct document *document;	/* the last one; NULL: it is too old */
	__u64 heard_since_ns;
	unsigned int heard;
};

/* ---- documents ---- */

static void document_put(struct document *doc)
{
	if (!doc || --doc->users)
		return;
	free(doc->text);
	free(doc);
}

static char *document_text(struct serve *serve)
{
	struct dcbs_report *report;
	struct snapshot *snap;
	char *text;
	int err;

	session_poll(serve->session);
	if (session_snapshot(serve->session, &snap))
		return NULL;
	err = report_build(&report, snap, serve->threshold_s);
	snapshot_free(snap);
	if (err)
		return NULL;
	text = dcbs_report_json(report);
	dcbs_report_free(report);
	return text;
}

static struct document *document_build(struct serve *serve)
{
	struct document *doc = calloc(1, sizeof(*doc));

	if (doc)
		doc->text = document_text(serve);
	if (!doc || !doc->text) {
		free(doc);
		return NULL;
	}
	doc->size = strlen(doc->text);
	doc->built_ns = session_now_ns();
	doc->users = 1;
	return doc;
}

static void forget_document(struct serve *serve, __u64 now)
{
	if (!serve->document || now < serve->document->built_ns + DOCUMENT_NS)
		return;
	document_put(serve->document);
	serve->document = NULL;
}

static struct document *document_get(struct serve *serve)
{
	forget_document(serve, session_now_ns());
	if (!serve->document)
		serve->document = document_build(serve);
	if (serve->document)
		serve->document->users++;
	return serve->document;
}

/* ---- one client ---- */

/* A few words, to one who has been told nothing yet: they find room at once, or the other end is closed. */
static bool say(int fd, const char *words)
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

int serve_request(const char *bytes, size_t nr)
{
	size_t size = sizeof(request) - 1;

	if (nr > size || memcmp(bytes, request, nr))
		return -1;
	return nr == size;
}

/* That somebody is there is said before the document is built: the one who asks waits for a word, not for us. */
static bool client_answer(struct serve *serve, struct client *c)
{
	if (session_adds_up(serve->session)) {
		say(c->fd, "dcbs 1 no the profiler has attached to several processes and adds up their figures\n");
		return false;
	}
	if (!say(c->fd, "dcbs 1 ok\n"))
		return false;
	c->document = document_get(serve);
	c->until_ns = session_now_ns() + CLIENT_NS;
	return c->document;
}

/* False: we are done with it, as we are in the next two. */
static bool client_read(struct serve *serve, struct client *c)
{
	ssize_t n = recv(c->fd, c->asked + c->nr_asked, sizeof(c->asked) - c->nr_asked, MSG_DONTWAIT);
	int asks;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->nr_asked += (size_t)n;
	asks = serve_request(c->asked, c->nr_asked);
	if (asks < 0)
		say(c->fd, "dcbs 1 no this profiler understands: dcbs 1 report\n");
	return asks > 0 ? client_answer(serve, c) : !asks;
}

static bool client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->document->text + c->sent, c->document->size - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	return c->sent < c->document->size;
}

static bool client_step(struct serve *serve, struct client *c)
{
	if (session_now_ns() >= c->until_ns)
		return false;
	if (!c->document && !client_read(serve, c))
		return false;
	return !c->document || client_write(c);
}

/* ---- who comes in ---- */

static struct client *free_client(struct serve *serve)
{
	size_t i;

	for (i = 0; i < SERVE_CLIENTS; i++)
		if (serve->clients[i].fd < 0)
			return &serve->clients[i];
	return NULL;
}

/* True: nobody is listened to for a while. */
static bool heard_enough(const struct serve *serve)
{
	return serve->heard >= HEARD_MAX;
}

static void accept_all(struct serve *serve, int listener, pid_t pid)
{
	struct client *c;
	int fd;

	while (!heard_enough(serve) && (c = free_client(serve))) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		serve->heard++;
		if (rendezvous_is_with(fd, pid)) {
			*c = (struct client){.fd = fd, .until_ns = session_now_ns() + CLIENT_NS};
			continue;
		}
		say(fd, "dcbs 1 no these figures are for the process itself\n");
		close(fd);
	}
}

/* ---- all of it ---- */

size_t serve_fds(const struct serve *serve, struct pollfd *fds)
{
	bool room = false;
	size_t i, n = 0;

	for (i = 0; i < SERVE_CLIENTS; i++) {
		const struct client *c = &serve->clients[i];

		if (c->fd >= 0)
			fds[n++] = (struct pollfd){.fd = c->fd, .events = c->document ? POLLOUT : POLLIN};
		else
			room = true;
	}
	for (i = 0; i < serve->nr_listeners && room && !heard_enough(serve); i++)
		fds[n++] = (struct pollfd){.fd = serve->listeners[i], .events = POLLIN};
	return n;
}

static __u64 sooner(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

__u64 serve_due_ns(const struct serve *serve)
{
	__u64 due = ~0ULL;
	size_t i;

	if (heard_enough(serve))
		due = serve->heard_since_ns + HEARD_NS;
	if (serve->document)
		due = sooner(due, serve->document->built_ns + DOCUMENT_NS);
	for (i = 0; i < SERVE_CLIENTS; i++)
		if (serve->clients[i].fd >= 0)
			due = sooner(due, serve->clients[i].until_ns);
	return due;
}

void serve_step(struct serve *serve)
{
	__u64 now = session_now_ns();
	size_t i;

	forget_document(serve, now);
	if (now >= serve->heard_since_ns + HEARD_NS) {
		serve->heard_since_ns = now;
		serve->heard = 0;
	}
	for (i = 0; i < serve->nr_listeners; i++)
		accept_all(serve, serve->listeners[i], serve->pids[i]);
	for (i = 0; i < SERVE_CLIENTS; i++)
		if (serve->clients[i].fd >= 0 && !client_step(serve, &serve->clients[i]))
			client_drop(&serve->clients[i]);
}

int serve_open(struct serve **result, struct session *session, double threshold_s, FILE *said)
{
	struct serve *serve = calloc(1, sizeof(*serve));
	pid_t pids[BPFPROF_PROCESSES];
	size_t i, n = session_pids(session, pids, BPFPROF_PROCESSES);

	if (!serve)
		return fail(-ENOMEM, "out of memory");
	serve->session = session;
	serve->threshold_s = threshold_s;
	for (i = 0; i < SERVE_CLIENTS; i++)
		serve->clients[i].fd = -1;
	for (i = 0; i < n; i++) {
		int fd = rendezvous_open(pids[i]);

		if (fd < 0 && said)
			fprintf(said, "%s\n", dcbs_profiler_error());
		if (fd < 0)
			continue;
		serve->pids[serve->nr_listeners] = pids[i];
		serve->listeners[serve->nr_listeners++] = fd;
	}
	*result = serve;
	return 0;
}

void serve_close(struct serve *serve)
{
	size_t i;

	if (!serve)
		return;
	for (i = 0; i < SERVE_CLIENTS; i++)
		if (serve->clients[i].fd >= 0)
			client_drop(&serve->clients[i]);
	for (i = 0; i < serve->nr_listeners; i++)
		close(serve->listeners[i]);
	document_put(serve->document);
	free(serve);
}
