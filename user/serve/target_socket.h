/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * target_socket.h - the socket at which a profiled process finds its profiler.
 *
 * It is an abstract Unix socket: it needs no file, hence no directory that both see, and it disappears with the profiler
 * however the profiler ends. Its name consists of values that the process knows of itself in any container:
 *
 *     \0dcbs-bpfprof.<inode of its PID namespace>.<its PID there>
 *
 * It is bound in the process's network namespace. Any process may bind such a name and connect to it, so both sides
 * check the identity of the other with the kernel (SO_PEERCRED).
 */
#ifndef SERVE_TARGET_SOCKET_H
#define SERVE_TARGET_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* Returns a listening socket that does not block, or -errno. */
int target_socket_open(pid_t pid);

/* Returns true if the process is at the other end of fd, as its own user or as root. */
bool target_socket_is_with(int fd, pid_t pid);

#endif
