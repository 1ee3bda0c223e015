// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* target_socket.c - the socket at which a profiled process finds its profiler. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "serve/target_socket.h"
#include "base/proc.h"

#define BACKLOG 16	/* connections that are not accepted yet */

static int address_of(pid_t pid, struct sockaddr_un *address, socklen_t *size)
{
	struct proc_owner owner;
	struct stat namespace;
	char path[64];
	int err = proc_owner_of(pid, &owner), len;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	if (!err && stat(path, &namespace))
		err = -errno;
	if (err)
		return err;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	len = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "dcbs-bpfprof.%llu.%d",
		       (unsigned long long)namespace.st_ino, owner.inner_pid);
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
	return 0;
}

static int listen_at(const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)address, size) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

struct namespace_visit {
	struct sockaddr_un address;
	socklen_t size;
	int namespace;
	int result;
};

static void *listen_in_namespace(void *arg)
{
	struct namespace_visit *visit = arg;

	visit->result = setns(visit->namespace, CLONE_NEWNET) ? -errno : listen_at(&visit->address, visit->size);
	return NULL;
}

/* A thread of its own enters the network namespace and ends there, so that nothing has to be restored. */
static int listen_by_thread(struct namespace_visit *visit)
{
	pthread_t thread;
	int err = -pthread_create(&thread, NULL, listen_in_namespace, visit);

	if (err)
		return err;
	pthread_join(thread, NULL);
	return visit->result;
}

static bool is_own_namespace(int namespace)
{
	struct stat ours, theirs;

	return !stat("/proc/self/ns/net", &ours) && !fstat(namespace, &theirs) && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

int target_socket_open(pid_t pid)
{
	struct namespace_visit visit;
	char path[64];
	int fd = address_of(pid, &visit.address, &visit.size);

	if (fd)
		return fail(fd, "process %d cannot ask for its figures: it cannot be examined: %s", pid, strerror(-fd));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	visit.namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (visit.namespace < 0 || is_own_namespace(visit.namespace))
		fd = listen_at(&visit.address, visit.size);
	else
		fd = listen_by_thread(&visit);
	if (visit.namespace >= 0)
		close(visit.namespace);
	if (fd == -EADDRINUSE)
		return fail(fd, "process %d cannot ask for these figures: another profiler answers it already", pid);
	return fd < 0 ? fail(fd, "process %d cannot ask for its figures: its socket cannot be opened: %s", pid, strerror(-fd)) : fd;
}

bool target_socket_is_with(int fd, pid_t pid)
{
	socklen_t size = sizeof(struct ucred);
	struct proc_owner owner;
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.pid != pid || proc_owner_of(pid, &owner))
		return false;
	return !peer.uid || peer.uid == owner.uid;
}
