// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* opener.c - a process that opens files for the profiler, and that can be given up when a file does not answer. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files/opener.h"
#include "base/proc.h"

#define NAME "bpfprof-files"
#define REQUEST_US 500000	/* for one request */
#define PARTING_MS 600		/* for the reader to notice that the profiler has ended: a request ends before */
#define REAP_US 1000
#define REAP_TRIES 1000		/* more than the keeper takes */
#define MAX_UNANSWERED 3	/* requests in a row: then the opener itself does not answer */

static int opener = -1;		/* our end of the socket; -1: there is no opener */
static bool was_started;
static pid_t keeper;
static int unanswered;

struct file_answer {
	__u32 number;
	__s32 err;
	__u32 pid;		/* of the process that asked: a fork of the profiler has the same socket */
	__u32 copied;
};

union descriptor_space {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---- the reader ---- */

static void set_alarm(long us)
{
	const struct itimerval timer = {.it_value = {.tv_usec = us}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool send_answer(int socket, const struct file_answer *answer, int fd)
{
	struct iovec data = {(void *)answer, sizeof(*answer)};
	union descriptor_space space = {.head = {.cmsg_len = CMSG_LEN(sizeof(fd)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &space;
		message.msg_controllen = sizeof(space);
		memcpy(CMSG_DATA(&space.head), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof(*answer);
}

struct signed_request {
	pid_t from;
	struct file_request request;
};

static void __attribute__((noreturn)) serve_requests(int socket)
{
	static struct signed_request asked;
	struct file_answer answer;
	bool copied;
	int fd;

	while (recv(socket, &asked, sizeof(asked), 0) == sizeof(asked)) {
		asked.request.path[sizeof(asked.request.path) - 1] = 0;
		set_alarm(REQUEST_US);
		fd = resolve_open(&asked.request, &copied);
		set_alarm(0);
		answer = (struct file_answer){asked.request.number, fd < 0 ? fd : 0, (__u32)asked.from, copied};
		if (!send_answer(socket, &answer, fd))
			break;
		if (fd >= 0)
			close(fd);
	}
	_exit(0);
}

/* ---- the keeper ---- */

/* Returns true if another reader is needed. */
static bool watch_reader(int socket, pid_t reader)
{
	struct pollfd fds[] = {{.fd = (int)syscall(SYS_pidfd_open, reader, 0), .events = POLLIN}, {.fd = socket}};
	int status = 0;

	if (fds[0].fd < 0)
		return false;
	poll(fds, 2, -1);
	if (!fds[0].revents)
		poll(fds, 1, PARTING_MS);
	close(fds[0].fd);
	return waitpid(reader, &status, WNOHANG) == reader && WIFSIGNALED(status);
}

/* A search for the profiler by its command line must find one process. */
static void hide_command_line(void)
{
	__u64 start = proc_stat_field(getpid(), 48), end = proc_stat_field(getpid(), 49);

	if (start && end > start && end - start < 1 << 20)
		memset((void *)start, 0, end - start);
}

static void __attribute__((noreturn)) keep_reader(int socket)
{
	pid_t reader, self = getpid();
	sigset_t none;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	do {
		reader = fork();
		if (!reader) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			signal(SIGALRM, SIG_DFL);
			if (getppid() == self)
				serve_requests(socket);
			_exit(0);
		}
	} while (reader > 0 && watch_reader(socket, reader));
	_exit(0);
}

static void leave_descriptors(int socket)
{
	int null = open("/dev/null", O_RDWR), i;

	for (i = 0; i < 3; i++)
		if (null >= 0)
			dup2(null, i);
	dup2(socket, 3);
	close_range(4, ~0U, 0);
}

int opener_start(int (*limit)(void *ctx), void *ctx)
{
	int ends[2];

	if (opener >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	unanswered = 0;
	keeper = fork();
	if (!keeper) {
		prctl(PR_SET_NAME, NAME);
		hide_command_line();
		leave_descriptors(ends[1]);
		if (limit && limit(ctx))
			_exit(1);
		keep_reader(3);
	}
	close(ends[1]);
	if (keeper > 0) {
		opener = ends[0];
		was_started = true;
		return 0;
	}
	close(ends[0]);
	return -errno;
}

/* ---- the profiler ---- */

bool opener_was_started(void)
{
	return was_started;
}

static void set_timeout(__u64 until_ns)
{
	__u64 now = clock_now_ns(), us = until_ns > now ? (until_ns - now) / 1000 + 1 : 1;
	const struct timeval timeout = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};

	setsockopt(opener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

/* Returns 0, -ETIMEDOUT, or -EPIPE if the keeper and all readers have ended. *fd: -1 if none came. */
static int receive_answer(struct file_answer *answer, int *fd, __u64 until_ns)
{
	union descriptor_space space;
	const struct cmsghdr *part;
	struct msghdr message;
	ssize_t n;

	do {
		struct iovec data = {answer, sizeof(*answer)};

		message = (struct msghdr){.msg_iov = &data, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof(space)};
		set_timeout(until_ns);
		n = recvmsg(opener, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR && clock_now_ns() < until_ns);
	*fd = -1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -ETIMEDOUT : -EPIPE;
	part = CMSG_FIRSTHDR(&message);
	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(part), sizeof(*fd));
	return n == sizeof(*answer) ? 0 : -EPIPE;
}

/* An answer that comes after its deadline is thrown away. */
static int await_answer(const struct file_request *request, __u64 until_ns, bool *copied)
{
	struct file_answer answer;
	int fd, err;

	while (!(err = receive_answer(&answer, &fd, until_ns))) {
		unanswered = 0;
		if (answer.number == request->number && answer.pid == (__u32)getpid()) {
			*copied = answer.copied;
			return answer.err ? answer.err : fd < 0 ? -EMFILE : fd;
		}
		if (fd >= 0)
			close(fd);
	}
	if (err == -EPIPE || ++unanswered == MAX_UNANSWERED)
		opener_stop();
	return err;
}

int opener_ask(struct file_request *request, __u64 wait_ns, bool *copied)
{
	static struct signed_request asked;
	static __u32 number;
	__u64 until = clock_now_ns() + wait_ns;

	if (opener < 0)
		return -EPIPE;
	request->number = ++number;
	asked = (struct signed_request){getpid(), *request};
	if (send(opener, &asked, sizeof(asked), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(asked))
		return await_answer(request, until, copied);
	if (errno != EAGAIN)
		opener_stop();
	return -EPIPE;
}

/* The keeper is our child, so that nobody else has to reap it. A reader that hangs in an open is not waited for. */
void opener_stop(void)
{
	int i;

	if (opener < 0)
		return;
	close(opener);
	opener = -1;
	for (i = 0; i < REAP_TRIES && !waitpid(keeper, NULL, WNOHANG); i++)
		usleep(REAP_US);
}
