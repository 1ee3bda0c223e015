// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * leavings.cpp - a function that is left in every way that a program has, for --section NAME=BINARY:FUNCTION.
 *
 *     leavings WAY SECONDS
 *
 * WAY is fibers, exceptions, longjmp, cancel, exit, deep or signal. The program prints "ready", waits for a line, calls
 * leave_work() for that time, or once if it is 0, and prints
 *
 *     {"calls": N, "returned": N, "wrong": N}
 *
 * calls is the number of entries, returned the number of returns, and wrong the number of returns to another place than
 * the caller, which is the caller's own observation. The exit status is 7.
 */
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <pthread.h>
#include <stdexcept>
#include <ucontext.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static const int STATUS = 7;
static const int DEEP = 1000;
static const size_t FIBER_STACK = 65536;

static volatile long calls, returned, wrong;
static timespec until;

static void nap()
{
	timespec some = {0, 200000};

	nanosleep(&some, nullptr);
}

static bool goes_on()
{
	timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec < until.tv_nsec);
}

/* ---- the function, which is left in the way that `leave` has ---- */

extern "C" NOINLINE int leave_work(int id, void (*leave)(int id))
{
	calls = calls + 1;
	leave(id);
	returned = returned + 1;
	return id;
}

static int (*volatile call_work)(int, void (*)(int)) = leave_work;

static void check(int id, void (*leave)(int))
{
	if (call_work(id, leave) != id)
		wrong = wrong + 1;
}

/* ---- fibers: two stacks, from two call sites, whose calls end in another order than they began ---- */

static ucontext_t main_context, fibers[2];

static void switch_fiber(int me)
{
	nap();
	swapcontext(&fibers[me], &fibers[!me]);
}

static void first_fiber()
{
	do
		check(0, switch_fiber);
	while (goes_on());
	setcontext(&main_context);
}

static void second_fiber()
{
	do
		check(1, switch_fiber);
	while (goes_on());
	setcontext(&main_context);
}

static void run_fibers()
{
	static void (*const bodies[2])() = {first_fiber, second_fiber};
	volatile bool started = false;

	for (int i = 0; i < 2; i++) {
		getcontext(&fibers[i]);
		fibers[i].uc_stack.ss_sp = std::malloc(FIBER_STACK);
		fibers[i].uc_stack.ss_size = FIBER_STACK;
		fibers[i].uc_link = nullptr;
		makecontext(&fibers[i], bodies[i], 0);
	}
	getcontext(&main_context);
	if (!started) {
		started = true;
		setcontext(&fibers[0]);
	}
}

/* ---- exceptions and longjmp, every second time ---- */

static void throw_or_return(int id)
{
	nap();
	if (id % 2)
		throw std::runtime_error("left by an exception");
}

static void run_exceptions()
{
	int id = 0;

	do {
		try {
			check(++id, throw_or_return);
		} catch (const std::runtime_error &) {
		}
	} while (goes_on());
}

static jmp_buf back;

static void jump_or_return(int id)
{
	nap();
	if (id % 2)
		std::longjmp(back, 1);
}

static void run_longjmp()
{
	volatile int id = 0;

	do {
		id = id + 1;
		if (!setjmp(back))
			check(id, jump_or_return);
	} while (goes_on());
}

/* ---- threads that end within the function ---- */

static void wait_for_ever(int)
{
	for (;;)
		pause();
}

static void exit_thread(int)
{
	nap();
	pthread_exit(nullptr);
}

static void *cancelled_thread(void *)
{
	check(1, wait_for_ever);
	return nullptr;
}

static void *exiting_thread(void *)
{
	check(1, exit_thread);
	return nullptr;
}

static void run_threads(void *(*body)(void *), bool cancel)
{
	pthread_t thread;

	do {
		long before = calls;

		pthread_create(&thread, nullptr, body, nullptr);
		while (calls == before)
			nap();
		if (cancel)
			pthread_cancel(thread);
		pthread_join(thread, nullptr);
	} while (goes_on());
}

/* ---- a deep recursion ---- */

static void go_deeper(int depth)
{
	if (depth > 1)
		check(depth - 1, go_deeper);
	else
		nap();
}

static void run_deep()
{
	do
		check(DEEP, go_deeper);
	while (goes_on());
}

/* ---- a signal handler on its own stack, in the midst of a call ---- */

static void do_nothing(int) {}

static void handle(int)
{
	check(2, do_nothing);
}

static void raise_signal(int)
{
	std::raise(SIGUSR1);
	nap();
}

static void run_signal()
{
	static char stack[FIBER_STACK];
	stack_t own = {};
	struct sigaction action = {};

	own.ss_sp = stack;
	own.ss_size = sizeof(stack);
	sigaltstack(&own, nullptr);
	action.sa_handler = handle;
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, nullptr);
	do
		check(1, raise_signal);
	while (goes_on());
}

static bool run(const char *way)
{
	if (!std::strcmp(way, "fibers"))
		run_fibers();
	else if (!std::strcmp(way, "exceptions"))
		run_exceptions();
	else if (!std::strcmp(way, "longjmp"))
		run_longjmp();
	else if (!std::strcmp(way, "cancel"))
		run_threads(cancelled_thread, true);
	else if (!std::strcmp(way, "exit"))
		run_threads(exiting_thread, false);
	else if (!std::strcmp(way, "deep"))
		run_deep();
	else if (!std::strcmp(way, "signal"))
		run_signal();
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	double seconds = argc == 3 ? std::atof(argv[2]) : 0;
	char line[8];

	std::puts("ready");
	std::fflush(stdout);
	if (!std::fgets(line, sizeof(line), stdin))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (argc != 3 || !run(argv[1]))
		return 2;
	std::printf("{\"calls\": %ld, \"returned\": %ld, \"wrong\": %ld}\n", calls, returned, wrong);
	std::fflush(stdout);
	return STATUS;
}
