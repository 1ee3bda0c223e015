// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* signals.c - the signals that users send. */
#include <stddef.h>
#include <unistd.h>

#include "base/array.h"
#include "cli/signals.h"

static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t end_requested, report_requested, final_status;

static void on_end(int sig)
{
	(void)sig;
	end_requested = 1;
}

static void on_report(int sig)
{
	(void)sig;
	report_requested = 1;
}

static void on_end_when_done(int sig)
{
	(void)sig;
	_exit(final_status);
}

static bool is_ignored(int sig)
{
	struct sigaction old;

	return !sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN;
}

/* Without SA_RESTART: a signal interrupts a wait. */
static void handle_end(void (*handler)(int))
{
	const struct sigaction action = {.sa_handler = handler};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (end_signals[i] != SIGHUP || !is_ignored(SIGHUP))
			sigaction(end_signals[i], &action, NULL);
}

void signals_make_errors(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void signals_make_default(void)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

void signals_catch(void)
{
	const struct sigaction report = {.sa_handler = on_report};

	sigaction(SIGUSR1, &report, NULL);
	handle_end(on_end);
}

void signals_block(sigset_t *old)
{
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaddset(&blocked, end_signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, old);
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
