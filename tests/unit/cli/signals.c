// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* signals.c - each signal that would end a program ends the profile, faults of the program itself end it, and a command gets its own. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/proc.h"
#include "cli/signals.h"

#define LAST_SIGNAL 64
#define KEPT 40		/* exit statuses of children */
#define ENDED 41
#define REPORTED 42
#define BOUNDED 43

/* cmocka catches faults. */
static void forget_handlers(void)
{
	static const int faults[] = {SIGILL, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
}

/* Runs act(sig) in a child; its status as wait() has it. */
static int status_of(void (*act)(int), int sig)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		forget_handlers();
		act(sig);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void send_from_another(int sig)
{
	pid_t self = getpid(), pid = fork();

	if (!pid)
		_exit(syscall(SYS_kill, self, sig) ? 1 : 0);
	while (waitpid(pid, NULL, 0) < 0)
		;
}

static void __attribute__((noreturn)) tell(void)
{
	_exit(signals_end_requested() ? ENDED : signals_take_report_request() ? REPORTED : KEPT);
}

static void receive(int sig)
{
	signals_make_errors();
	signals_catch();
	send_from_another(sig);
	tell();
}

static int expected(int sig)
{
	static const int kept[] = {SIGUSR2, SIGPIPE, SIGXFSZ, SIGCONT, SIGCHLD, SIGURG, SIGWINCH, 32, 33};
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (sig == kept[i])
			return KEPT;
	return sig == SIGUSR1 ? REPORTED : ENDED;
}

static void test_every_signal(void **state)
{
	int sig;

	(void)state;
	for (sig = 1; sig <= LAST_SIGNAL; sig++) {
		int status;

		if (sig == SIGKILL || sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			continue;
		status = status_of(receive, sig);
		if (status != expected(sig) << 8)
			fail_msg("signal %d: status %#x", sig, status);
	}
}

/* ---- faults ---- */

static void commit_fault(int sig)
{
	signals_make_errors();
	signals_catch();
	if (sig == SIGABRT)
		abort();
	if (sig == SIGTRAP)
		__asm__ volatile("int3");
	else
		*(volatile char *)(uintptr_t)sig = 0;
}

static void test_own_faults(void **state)
{
	static const int faults[] = {SIGABRT, SIGTRAP, SIGSEGV};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		assert_int_equal(WTERMSIG(status_of(commit_fault, faults[i])), faults[i]);
}

/* ---- signals that were ignored or blocked ---- */

static void receive_ignored(int sig)
{
	signal(sig, SIG_IGN);
	receive(sig);
}

static void test_ignored(void **state)
{
	(void)state;
	assert_int_equal(status_of(receive_ignored, SIGHUP), KEPT << 8);
	assert_int_equal(status_of(receive_ignored, SIGALRM), KEPT << 8);
	assert_int_equal(status_of(receive_ignored, SIGINT), ENDED << 8);
	assert_int_equal(status_of(receive_ignored, SIGQUIT), ENDED << 8);
	assert_int_equal(status_of(receive_ignored, SIGTERM), ENDED << 8);
}

static void receive_blocked(int sig)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	receive(sig);
}

static void test_blocked(void **state)
{
	(void)state;
	assert_int_equal(status_of(receive_blocked, SIGTERM), ENDED << 8);
}

/* A process hands these on to the program that it executes. */
struct inherited {
	__u64 ignored, blocked;
};

static struct inherited what_is_inherited(void)
{
	struct inherited i = {0};

	proc_status_number(getpid(), "SigIgn", 16, &i.ignored);
	proc_status_number(getpid(), "SigBlk", 16, &i.blocked);
	return i;
}

static void restore(int sig)
{
	struct inherited before, after;
	sigset_t some;

	signal(sig, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_SETMASK, &some, NULL);
	before = what_is_inherited();
	signals_make_errors();
	signals_catch();
	signals_restore();
	after = what_is_inherited();
	_exit(!before.ignored || memcmp(&before, &after, sizeof(before)));
}

static void test_restore(void **state)
{
	(void)state;
	assert_int_equal(status_of(restore, SIGINT), 0);
}

/* ---- a signal while the profiler attaches ---- */

static void attach_too_long(int sig)
{
	signals_make_errors();
	signals_catch();
	signals_bound_attaching(BOUNDED);
	if (!freopen("/dev/null", "w", stderr))
		_exit(98);
	send_from_another(sig);
	for (;;)
		pause();
}

static void attach_in_time(int sig)
{
	signals_make_errors();
	signals_catch();
	signals_bound_attaching(BOUNDED);
	send_from_another(sig);
	signals_attached();
	usleep(600000);
	tell();
}

static void attach_unbothered(int sig)
{
	const struct itimerval timer = {.it_value = {.tv_usec = 1000}};

	(void)sig;
	signals_make_errors();
	signals_catch();
	signals_bound_attaching(BOUNDED);
	setitimer(ITIMER_REAL, &timer, NULL);	/* as one that was set before the program was executed */
	pause();
	signals_attached();
	tell();
}

static void test_attaching(void **state)
{
	(void)state;
	assert_int_equal(status_of(attach_too_long, SIGINT), BOUNDED << 8);
	assert_int_equal(status_of(attach_too_long, SIGALRM), BOUNDED << 8);
	assert_int_equal(status_of(attach_in_time, SIGTERM), ENDED << 8);
	assert_int_equal(status_of(attach_unbothered, 0), ENDED << 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_signal), cmocka_unit_test(test_own_faults), cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_blocked), cmocka_unit_test(test_restore), cmocka_unit_test(test_attaching),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
