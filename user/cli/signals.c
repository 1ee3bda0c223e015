// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* signals.c - the signals that users send, and all others that would end the program. */
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "cli/signals.h"

#define ATTACH_US 400000	/* attaching may go on for so long after a signal */
#define REAP_NS 1000000
#define REAP_TRIES 300
#define KERNEL_SET_BYTES 8	/* of a set of signals, as the kernel has it */
#define LIBRARY_FIRST 32	/* the C library keeps these two for itself, and installs no handler before it needs one */
#define LIBRARY_LAST 33

static volatile sig_atomic_t end_requested, report_requested, final_status, is_attaching;
static sigset_t ignored_at_start, blocked_at_start;
static bool library_ignored_at_start[LIBRARY_LAST - LIBRARY_FIRST + 1];	/* as by children of GNU make */

/* ---- which signals ---- */

/* Returns true if the signal leaves a process alone, stops it, or cannot be caught. */
static bool is_harmless(int sig)
{
	static const int harmless[] = {SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGURG, SIGWINCH};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (sig == harmless[i])
			return true;
	return false;
}

/* Returns true if the signal ends the profile: it would end a program, and has no other meaning here. */
static bool is_end(int sig)
{
	return !is_harmless(sig) && sig != SIGPIPE && sig != SIGXFSZ && sig != SIGUSR1 && sig != SIGUSR2;
}

static bool is_of_library(int sig)
{
	return sig >= LIBRARY_FIRST && sig <= LIBRARY_LAST;
}

/* The kernel's struct sigaction. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

/* The C library refuses to look at its own signals, and to change them. */
static bool library_signal_is_ignored(int sig)
{
	struct kernel_action old = {0};

	return !syscall(SYS_rt_sigaction, sig, NULL, &old, KERNEL_SET_BYTES) && old.handler == SIG_IGN;
}

static void set_library_signal(int sig, void (*handler)(int))
{
	const struct kernel_action action = {.handler = handler};

	syscall(SYS_rt_sigaction, sig, &action, NULL, KERNEL_SET_BYTES);
}

static void ignore_library_signals(void)
{
	int sig;

	for (sig = LIBRARY_FIRST; sig <= LIBRARY_LAST; sig++)
		set_library_signal(sig, SIG_IGN);
}

/* ---- handlers ---- */

/* Returns true if the program itself has caused the signal: a fault, or a call of abort(). */
static bool is_own_fault(const siginfo_t *info)
{
	static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (info->si_signo == faults[i])
			return info->si_code > 0 || info->si_pid == getpid();
	return false;
}

/* Nothing has been measured. The kernel removes what is attached when the descriptors are closed, and the helpers end by it. */
static void __attribute__((noreturn)) leave_attaching(void)
{
	static const char words[] = "dcbs-bpfprof: a signal ended the profile before it began; nothing was measured\n";
	const struct timespec pause = {.tv_nsec = REAP_NS};
	ssize_t n = write(STDERR_FILENO, words, sizeof(words) - 1);
	int i;

	close_range(STDERR_FILENO + 1, ~0U, 0);
	for (i = 0; n && i < REAP_TRIES && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		nanosleep(&pause, NULL);
	_exit(final_status);
}

static void bound_attaching(void)
{
	const struct itimerval timer = {.it_value = {.tv_usec = ATTACH_US}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_end(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (is_own_fault(info)) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	if (is_attaching && end_requested && sig == SIGALRM && info->si_code == SI_KERNEL)
		leave_attaching();
	if (is_attaching && !end_requested)
		bound_attaching();
	end_requested = 1;
}

static void on_report(int sig)
{
	(void)sig;
	report_requested = 1;
}

static void on_end_when_done(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	_exit(final_status);
}

/* ---- dispositions ---- */

/* These are often ignored in the background of a shell, from where they are sent all the same: kill -INT $!. */
static bool is_sent_to_ignorers(int sig)
{
	return sig == SIGINT || sig == SIGQUIT || sig == SIGTERM;
}

/* Without SA_RESTART: a signal interrupts a wait. A sanitizer keeps the handlers that it has installed. */
static void handle_end(void (*handler)(int, siginfo_t *, void *))
{
	static void (*installed)(int, siginfo_t *, void *);
	const struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	struct sigaction old;
	int sig;

	for (sig = 1; sig <= SIGRTMAX; sig++) {
		if (!is_end(sig) || is_of_library(sig) || sigaction(sig, NULL, &old))
			continue;
		if (old.sa_handler == SIG_DFL || (installed && old.sa_sigaction == installed) ||
		    (old.sa_handler == SIG_IGN && is_sent_to_ignorers(sig)))
			sigaction(sig, &action, NULL);
	}
	installed = handler;
}

void signals_make_errors(void)
{
	struct sigaction old;
	int sig;

	sigprocmask(SIG_BLOCK, NULL, &blocked_at_start);
	sigemptyset(&ignored_at_start);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (!is_of_library(sig) && !sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN)
			sigaddset(&ignored_at_start, sig);
	for (sig = LIBRARY_FIRST; sig <= LIBRARY_LAST; sig++)
		library_ignored_at_start[sig - LIBRARY_FIRST] = library_signal_is_ignored(sig);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);	/* who ignores it has no status of a child */
}

/* execve() itself makes a caught signal a default one. */
void signals_restore(void)
{
	int sig;

	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (!is_of_library(sig) && sig != SIGKILL && sig != SIGSTOP)
			signal(sig, sigismember(&ignored_at_start, sig) ? SIG_IGN : SIG_DFL);
	for (sig = LIBRARY_FIRST; sig <= LIBRARY_LAST; sig++)
		set_library_signal(sig, library_ignored_at_start[sig - LIBRARY_FIRST] ? SIG_IGN : SIG_DFL);
	sigprocmask(SIG_SETMASK, &blocked_at_start, NULL);
}

void signals_catch(void)
{
	const struct sigaction report = {.sa_handler = on_report};
	sigset_t none;

	sigaction(SIGUSR1, &report, NULL);
	signal(SIGUSR2, SIG_IGN);
	ignore_library_signals();
	handle_end(on_end);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_block(sigset_t *old)
{
	sigset_t blocked;
	int sig;

	sigemptyset(&blocked);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (is_end(sig) || sig == SIGUSR1)
			sigaddset(&blocked, sig);
	sigprocmask(SIG_BLOCK, &blocked, old);
}

/* ---- what they mean now ---- */

void signals_bound_attaching(int status)
{
	final_status = status;
	is_attaching = 1;
}

void signals_attached(void)
{
	const struct itimerval none = {0};

	is_attaching = 0;
	if (end_requested)
		setitimer(ITIMER_REAL, &none, NULL);
}

bool signals_end_requested(void)
{
	return end_requested;
}

void signals_forget_end(void)
{
	end_requested = 0;
}

bool signals_take_report_request(void)
{
	bool requested = report_requested;

	report_requested = 0;
	return requested;
}

void signals_exit_with(int status)
{
	final_status = status;
	handle_end(on_end_when_done);
}
