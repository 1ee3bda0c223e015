// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* isolate.c - parses a target's files in a process without rights, while the profiler still has all of its own. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/budget.h"
#include "base/clock.h"
#include "host/isolate.h"
#include "safety/capabilities.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"

#define CALL_US 900000		/* the process ends itself after that ... */
#define CALL_NS 1000000000ULL	/* ... and is not waited for any longer after that */
#define SHORT_NS 100000000ULL
#define REAP_TRIES 50
#define REAP_US 1000
#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}

static bool isolates;

void isolate_use(bool on)
{
	isolates = on;
}

/* ---- the process without rights ---- */

/* It reads /proc and files, asks for further files to be opened, and writes its result. */
static const struct sandbox_call calls[] = {
	ANY(read), ANY(pread64), ANY(lseek), ANY(close), ANY(fstat), ANY(newfstatat), ANY(statx), ANY(fstatfs), ANY(readlink), ANY(readlinkat),
	{.number = SCMP_SYS(openat), .argument = 2, .mask = O_ACCMODE | O_CREAT | O_TRUNC, .value = 0}, SANDBOX_DESCRIPTORS, ANY(write),
	ANY(recvmsg), ANY(sendto), ANY(setsockopt), ANY(memfd_create), ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise),
	{.number = SCMP_SYS(mmap), .argument = 2, .mask = 4, .value = 0}, ANY(futex), ANY(getrandom), ANY(clock_gettime), ANY(getpid),
	ANY(gettid), ANY(getrlimit), {.number = SCMP_SYS(prlimit64), .argument = 0, .mask = 0xffffffff, .value = 0},
	ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(exit), ANY(exit_group),
};

static int give_up_rights(void)
{
	int err = sandbox_capabilities(CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE) |
				       CAPABILITY_BIT(CAP_DAC_READ_SEARCH));

	if (!err)
		err = sandbox_system_calls(calls, ARRAY_SIZE(calls));
	return err;
}

/* SIGALRM ends the process even where only SIGKILL interrupts its wait. */
static void __attribute__((noreturn)) run_call(int to, void (*call)(void *ctx, void *result), void *ctx, void *result, size_t size)
{
	const struct itimerval timer = {.it_value = {.tv_usec = CALL_US}};
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	if (give_up_rights())
		_exit(1);
	call(ctx, result);
	while (size) {
		ssize_t n = write(to, result, size);

		if (n <= 0)
			_exit(1);
		result = (char *)result + n;
		size -= (size_t)n;
	}
	_exit(0);
}

/* ---- the profiler ---- */

static int read_result(int from, void *result, size_t size)
{
	__u64 until = clock_now_ns() + CALL_NS;

	while (size) {
		__u64 now = clock_now_ns(), us = now < until ? (until - now) / 1000 : 0;
		const struct timeval timeout = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
		ssize_t n;

		if (!us)
			return -ETIMEDOUT;
		setsockopt(from, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
		n = recv(from, result, size, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return -EIO;
		result = (char *)result + n;
		size -= (size_t)n;
	}
	return 0;
}

/* A process that cannot even be killed is left. Returns true if it has ended itself because it took too long. */
static bool reap_process(pid_t pid)
{
	int status = 0, i;

	kill(pid, SIGKILL);
	for (i = 0; i < REAP_TRIES && !waitpid(pid, &status, WNOHANG); i++)
		usleep(REAP_US);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
}

int isolate_call(void (*call)(void *ctx, void *result), void *ctx, void *result, size_t size)
{
	int ends[2], err;
	__u64 began;
	pid_t pid;

	if (!isolates) {
		call(ctx, result);
		return 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = fork();
	if (!pid)
		run_call(ends[1], call, ctx, result, size);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	began = clock_now_ns();
	if (!err)
		err = read_result(ends[0], result, size);
	if (clock_now_ns() - began > SHORT_NS)	/* what it waited for, the next call need not wait for again */
		budget_waited(clock_now_ns() - began);
	close(ends[0]);
	if (pid > 0 && reap_process(pid) && err)
		err = -ETIMEDOUT;
	return err;
}
