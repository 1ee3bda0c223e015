/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* awaited_files.h - files of several kinds, and how each is made ready to be read. */
#ifndef TARGETS_AWAITED_FILES_H
#define TARGETS_AWAITED_FILES_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The file that is waited for is files[0]; the helper writes to files[1]. */
static pthread_t main_thread;
static int idle_pipe[2];		/* nothing is ever written to it */
static int pipe_files[2], socket_files[2], local_files[2], event_files[2], timer_files[2], signal_files[2];

static inline void open_sockets(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		exit(1);
	socket_files[1] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(socket_files[1], (struct sockaddr *)&address, size))
		exit(1);
	socket_files[0] = accept(listener, NULL, NULL);
	close(listener);
}

static inline void open_files(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pipe(idle_pipe) || pipe(pipe_files) || socketpair(AF_UNIX, SOCK_STREAM, 0, local_files))
		exit(1);
	event_files[0] = event_files[1] = eventfd(0, 0);
	timer_files[0] = timerfd_create(CLOCK_MONOTONIC, 0);
	signal_files[0] = signalfd(-1, &set, 0);
	open_sockets();
}

static inline void make_ready(const int *files)
{
	uint64_t one = 1;

	if (files == signal_files)
		pthread_kill(main_thread, SIGUSR1);
	else if (files != timer_files && write(files[1], &one, sizeof(one)) != sizeof(one))
		exit(1);
}

static inline void take_input(const int *files)
{
	char bytes[128];

	if (read(files[0], bytes, files == timer_files || files == event_files ? 8 : sizeof(bytes)) < 0)
		exit(1);
}

/* ---- devices ---- */

#define KMSG_MINOR 11	/* of the kernel's messages: a file at its end is not ready, as is a GPU's device */

static int device_file = -1;

/* Opens a device of that name. Returns false if this process may not make one. */
static inline bool open_device(const char *name)
{
	char folder[] = "/tmp/awaited-XXXXXX", path[64];

	if (device_file >= 0)
		close(device_file);
	if (!mkdtemp(folder))
		exit(1);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	device_file = mknod(path, S_IFCHR | 0600, makedev(1, KMSG_MINOR)) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	rmdir(folder);
	return device_file >= 0 && lseek(device_file, 0, SEEK_END) >= 0;
}

/* A driver polls its device beside files of its own; one of those ends this wait. */
static inline void poll_device(uint64_t ns)
{
	struct pollfd set[] = {{.fd = idle_pipe[0], .events = POLLIN}, {.fd = device_file, .events = POLLIN},
			       {.fd = timer_files[0], .events = POLLIN}};
	struct itimerspec in = {.it_value.tv_nsec = (long)ns};

	timerfd_settime(timer_files[0], 0, &in, NULL);
	poll(set, sizeof(set) / sizeof(*set), -1);
}

#endif
