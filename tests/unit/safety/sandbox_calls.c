// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sandbox_calls.c - the calls by which a profiler that was taken over could do harm are refused, and those that it needs work.
 *
 * Each call is made in a child that has the profiler's filter. The arguments are such that the kernel alone would refuse the
 * call with another error than EPERM, or would carry it out.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"

static int ends[2];

static long link_create(void)
{
	union bpf_attr attr = {0};

	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static long load_program(void)
{
	union bpf_attr attr = {0};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long open_event(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long write_to_process(void)
{
	static char byte;
	const struct iovec part = {&byte, 1};

	return process_vm_writev(getppid(), &part, 1, &part, 1, 0);
}

static long send_descriptor(void)
{
	struct msghdr message = {0};

	return sendmsg(ends[0], &message, 0);
}

static long send_to_address(void)
{
	const struct sockaddr_storage nobody = {.ss_family = AF_UNIX};

	return sendto(ends[0], "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&nobody, sizeof(nobody));
}

static long trace_parent(void) { return ptrace(PTRACE_SEIZE, getppid(), 0, 0); }
static long rename_file(void) { return rename("/nonexistent/a", "/nonexistent/b"); }
static long rename_at(void) { return renameat(AT_FDCWD, "/nonexistent/a", AT_FDCWD, "/nonexistent/b"); }
static long link_file(void) { return linkat(AT_FDCWD, "/nonexistent/a", AT_FDCWD, "/nonexistent/b", 0); }
static long remove_file(void) { return unlink("/nonexistent/a"); }
static long remove_at(void) { return unlinkat(AT_FDCWD, "/nonexistent/a", 0); }
static long create_file(void) { return open("/nonexistent/a", O_WRONLY | O_CREAT, 0600); }
static long make_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static long bind_socket(void) { return bind(-1, NULL, 0); }
static long connect_socket(void) { return connect(-1, NULL, 0); }
static long signal_parent(void) { return kill(getppid(), SIGWINCH); }
static long signal_thread(void) { return syscall(SYS_tgkill, getppid(), getppid(), SIGWINCH); }
static long own_descriptor(void) { return fcntl(ends[0], F_SETOWN, getppid()); }
static long choose_signal(void) { return fcntl(ends[0], F_SETSIG, SIGKILL); }
static long take_descriptor(void) { return syscall(SYS_pidfd_getfd, -1, 0, 0); }
static long execute_program(void) { return syscall(SYS_execve, NULL, NULL, NULL); }
static long fork_process(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static long change_mode(void) { return chmod("/nonexistent/a", 0777); }

static const struct {
	const char *name;
	long (*call)(void);
} refused[] = {
	{"BPF_LINK_CREATE", link_create}, {"BPF_PROG_LOAD", load_program}, {"perf_event_open", open_event},
	{"process_vm_writev", write_to_process}, {"ptrace", trace_parent}, {"sendmsg", send_descriptor},
	{"sendto an address", send_to_address}, {"rename", rename_file}, {"renameat", rename_at}, {"linkat", link_file},
	{"unlink", remove_file}, {"unlinkat", remove_at}, {"open to create", create_file}, {"socket", make_socket},
	{"bind", bind_socket}, {"connect", connect_socket}, {"kill another", signal_parent}, {"tgkill another", signal_thread},
	{"fcntl F_SETOWN", own_descriptor}, {"fcntl F_SETSIG", choose_signal},
	{"pidfd_getfd", take_descriptor}, {"execve", execute_program}, {"clone", fork_process}, {"chmod", change_mode},
};

static long send_bytes(void) { return send(ends[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL); }
static long signal_itself(void) { return kill(getpid(), SIGWINCH); }
static long raise_signal(void) { return raise(SIGWINCH); }
static long read_file(void) { return open("/proc/self/status", O_RDONLY | O_CLOEXEC); }
static long read_flags(void) { return fcntl(ends[0], F_GETFL); }
static long ask_process(void) { return kill(getpid(), 0); }

static const struct {
	const char *name;
	long (*call)(void);
} allowed[] = {
	{"send", send_bytes}, {"kill itself", signal_itself}, {"raise", raise_signal}, {"open to read", read_file},
	{"kill 0", ask_process}, {"fcntl F_GETFL", read_flags},
};

/* Makes the call in a child with the filter. Returns its errno, 0 if it succeeded, -1 if there is no filter here. */
static int errno_with_filter(long (*call)(void))
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sandbox_system_calls(sandbox_calls, sandbox_nr_calls))
			_exit(255);
		_exit(call() < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void test_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		int err = errno_with_filter(refused[i].call);

		if (err != EPERM)
			fail_msg("%s: %d", refused[i].name, err);
	}
}

static void test_allowed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		int err = errno_with_filter(allowed[i].call);

		if (err)
			fail_msg("%s: %d", allowed[i].name, err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_allowed)};

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends))
		return 1;
#ifdef __SANITIZE_ADDRESS__
	(void)tests;
	return 0;	/* the profiler has no filter then */
#else
	return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
