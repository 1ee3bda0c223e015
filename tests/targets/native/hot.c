// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * hot.c - functions that compute and wait, each for a time that it measures, built with frame pointers.
 *
 *     hot [--rounds N]
 *
 * Everything happens in the section `work`. The times of the functions are printed at the end:
 *
 *     {"pid", "functions": {NAME: seconds}}
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>

#include "dcbs/markers.h"
#include "truth.h"

#define LONG_NS 30000000ULL
#define SHORT_NS 200000ULL
#define SHORTS 40

enum function { COMPUTE, SLEEP_LONG, SLEEP_OFTEN, WAIT_LOCK, READ_SOCKET, FUNCTIONS };

static const char *const names[FUNCTIONS] = {"compute", "sleep_long", "sleep_often", "wait_lock", "read_socket"};
static uint64_t spent_ns[FUNCTIONS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t asked, held;
static int ends[2];

#define FUNCTION static __attribute__((noinline)) void

FUNCTION compute(void)
{
	truth_spin_ns(LONG_NS);
}

FUNCTION sleep_long(void)
{
	truth_sleep_ns(LONG_NS);
}

FUNCTION sleep_often(void)
{
	int i;

	for (i = 0; i < SHORTS; i++)
		truth_sleep_ns(SHORT_NS);
}

FUNCTION wait_lock(void)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}

FUNCTION read_socket(void)
{
	char c;

	if (recv(ends[0], &c, 1, 0) != 1)
		abort();
}

/* On request, holds the lock for some time, and then writes. */
static void *other(void *arg)
{
	for (;;) {
		sem_wait(&asked);
		pthread_mutex_lock(&lock);
		sem_post(&held);
		truth_sleep_ns(LONG_NS);
		pthread_mutex_unlock(&lock);
		sem_wait(&asked);
		truth_sleep_ns(LONG_NS);
		if (send(ends[1], "x", 1, 0) != 1)
			return arg;
	}
}

static void call(void (*function)(void), enum function number)
{
	uint64_t begin = truth_now_ns();

	function();
	spent_ns[number] += truth_now_ns() - begin;
}

FUNCTION one_round(void)
{
	call(compute, COMPUTE);
	call(sleep_long, SLEEP_LONG);
	call(sleep_often, SLEEP_OFTEN);
	sem_post(&asked);
	sem_wait(&held);
	call(wait_lock, WAIT_LOCK);
	sem_post(&asked);
	call(read_socket, READ_SOCKET);
}

static void print(void)
{
	int i;

	truth_open();
	printf(", \"functions\": {");
	for (i = 0; i < FUNCTIONS; i++)
		printf("%s\"%s\": %.9f", i ? ", " : "", names[i], (double)spent_ns[i] * 1e-9);
	printf("}");
	truth_close();
}

int main(int argc, char **argv)
{
	uint64_t i, rounds = 30;
	const struct truth_option options[] = {{.name = "--rounds", .number = &rounds}, {0}};
	pthread_t thread;

	truth_options(argc, argv, options);
	if (sem_init(&asked, 0, 0) || sem_init(&held, 0, 0) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ||
	    pthread_create(&thread, NULL, other, NULL))
		return 1;
	truth_gate();
	dcbs_profile_section("work") {
		for (i = 0; i < rounds; i++)
			one_round();
	}
	print();
	return 0;
}
