/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * peer.h - another process that answers after a while, over a pipe, TCP or a local socket.
 *
 * It answers each byte after PEER_NS with the time by its clock. It ends with the process that started it.
 */
#ifndef TARGETS_PEER_H
#define TARGETS_PEER_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "truth.h"

#define PEER_NS 20000000ULL

struct peer {
	int in, out;
};

static inline void peer_answer(struct peer far)
{
	uint64_t now;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(far.in, &byte, 1) == 1) {
		truth_sleep_ns(PEER_NS);
		now = truth_now_ns();
		if (write(far.out, &now, sizeof(now)) != (ssize_t)sizeof(now))
			break;
	}
	_exit(0);
}

static inline int peer_start(struct peer *here, struct peer near, struct peer far)
{
	pid_t pid = fork();

	if (!pid) {
		close(near.in);
		close(near.out);
		peer_answer(far);
	}
	close(far.in);
	close(far.out);
	*here = near;
	return pid < 0 ? -1 : 0;
}

static inline int peer_over_pipe(struct peer *p)
{
	int to[2], from[2];

	if (pipe(to) || pipe(from))
		return -1;
	return peer_start(p, (struct peer){from[0], to[1]}, (struct peer){to[0], from[1]});
}

static inline int peer_over_pair(struct peer *p, const int pair[2])
{
	return peer_start(p, (struct peer){pair[0], pair[0]}, (struct peer){pair[1], pair[1]});
}

static inline int peer_over_local_socket(struct peer *p)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : peer_over_pair(p, pair);
}

static inline int peer_over_tcp(struct peer *p)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2];
	socklen_t size = sizeof(a);

	if (listener < 0 || bind(listener, (struct sockaddr *)&a, size) || listen(listener, 1))
		return -1;
	getsockname(listener, (struct sockaddr *)&a, &size);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair[0], (struct sockaddr *)&a, size))
		return -1;
	pair[1] = accept(listener, NULL, NULL);
	close(listener);
	return peer_over_pair(p, pair);
}

/* Returns the time at which the peer answered; 0 if it did not. */
static inline uint64_t peer_ask(const struct peer *p)
{
	uint64_t answered_ns;

	if (write(p->out, "?", 1) != 1 || read(p->in, &answered_ns, sizeof(answered_ns)) != (ssize_t)sizeof(answered_ns))
		return 0;
	return answered_ns;
}

#endif
