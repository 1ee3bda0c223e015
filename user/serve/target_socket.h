/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 *  socket.h - where a profiled process finds its profiler, and how each knows that the other is who it should be.
 *
 * An abstract Unix socket: it needs no file, so no directory that both see, and it is gone with the profiler
 * however that dies. Its name is made of what the process knows of itself, whatever container it lives in:
 *
 *     \0dcbs-bpfprof.<inode of its PID namespace>.<its PID there>
 *
 * and it is bound in the process's network namespace. Anyone may bind such a name and anyone may connect to
 * it, so both sides ask the kernel who the other one is (SO_PEERCRED).
 */
#ifndef SERVE_TARGET_SOCKET_H
#define SERVE_TARGET_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* A listening socket that does not block, or -errno. */
int target_socket_open(pid_t pid);

/* Is that process, running as its own user or as root, at the other end? */
bool target_socket_is_with(int fd, pid_t pid);

#endif
