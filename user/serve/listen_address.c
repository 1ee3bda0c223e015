// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* listen_address.c - the address at which the profiler answers scrapers. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "serve/listen_address.h"

#define FIRST_PORT 1024
#define LAST_PORT 65535
#define BACKLOG 16

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns 0 if the text is no such port. */
static in_port_t read_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = digits && digits < 6 && !text[digits] ? strtoul(text, NULL, 10) : 0;

	return port >= FIRST_PORT && port <= LAST_PORT ? htons((in_port_t)port) : 0;
}

/* host: "" or "localhost": 127.0.0.1 */
static bool read_host(const char *host, bool v6, union socket_address *to)
{
	if (v6) {
		to->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &to->v6.sin6_addr) == 1;
	}
	to->v4.sin_family = AF_INET;
	return inet_pton(AF_INET, *host && strcmp(host, "localhost") ? host : "127.0.0.1", &to->v4.sin_addr) == 1;
}

static bool read_address(const char *address, union socket_address *to)
{
	const char *colon = strrchr(address, ':');
	bool v6 = *address == '[' && colon && colon > address + 1 && colon[-1] == ']';
	char host[64];

	if (snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - address) - 2 * v6 : 0, address + v6) >= (int)sizeof(host))
		return false;
	*to = (union socket_address){0};
	to->v4.sin_port = read_port(colon ? colon + 1 : address);	/* at the same place as sin6_port */
	return to->v4.sin_port && read_host(host, v6, to);
}

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "the port has one place");

bool listen_address_is_valid(const char *address)
{
	union socket_address to;

	return read_address(address, &to);
}

/* A profiler that starts anew takes the port of one that has just ended. IPv6 alone: 0.0.0.0 is asked for by its own name. */
static int bind_and_listen(int fd, const union socket_address *to)
{
	const int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (to->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, &to->any, to->any.sa_family == AF_INET6 ? sizeof(to->v6) : sizeof(to->v4)) || listen(fd, BACKLOG))
		return -errno;
	return 0;
}

int listen_address_open(const char *address)
{
	union socket_address to;
	int fd, err;

	if (!read_address(address, &to))
		return fail(-EINVAL, "--listen %s: must be ADDR:PORT", address);
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = fd < 0 ? -errno : bind_and_listen(fd, &to);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	if (err == -EADDRINUSE)
		return fail(err, "--listen %s: another program listens there; choose another port", address);
	return fail(err, "--listen %s: %s", address, strerror(-err));
}
