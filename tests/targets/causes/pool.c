// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * pool.c - threads without sections compute for one that has one.
 *
 *     pool [--rounds N] [--workers W]
 *
 * The main thread gives each worker a job of JOB_NS of CPU time and waits for all of them: N times in the section
 * "dispatch", and then N times outside of any. The workers wait for work in a condition variable. As in any pool they
 * contend for its mutex, so that one of them may wake the next. Their CPU time inside and outside of the section is printed:
 *
 *     "workers": {"section_cpu_ns", "outside_cpu_ns"}
 */
#include "measured_call.h"

#define JOB_NS 20000000ULL
#define WORKERS_MAX 16

static struct account account = ACCOUNT("dispatch");
static uint64_t rounds = 40, workers = 2;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static uint64_t round_now, running;	/* under the lock */
static uint64_t *charged_to, section_cpu_ns, outside_cpu_ns;

/* CPU time from the end of a wait to just before the next one, as far as a worker can measure it. */
static void account_job(uint64_t *since_cpu_ns)
{
	uint64_t now = truth_cpu_ns();

	*charged_to += now - *since_cpu_ns;
	*since_cpu_ns = now;
}

static void *work_forever(void *arg)
{
	uint64_t seen = 0, cpu_ns = truth_cpu_ns(), end;

	pthread_mutex_lock(&lock);
	for (;;) {
		while (round_now == seen)
			pthread_cond_wait(&work, &lock);
		seen = round_now;
		pthread_mutex_unlock(&lock);
		end = truth_cpu_ns() + JOB_NS;
		while (truth_cpu_ns() < end)
			;
		pthread_mutex_lock(&lock);
		account_job(&cpu_ns);
		if (!--running)
			pthread_cond_signal(&done);
	}
	return arg;
}

static void dispatch(uint64_t *charge)
{
	pthread_mutex_lock(&lock);
	charged_to = charge;
	round_now++;
	running = workers;
	pthread_cond_broadcast(&work);
	while (running)
		pthread_cond_wait(&done, &lock);
	pthread_mutex_unlock(&lock);
}

static void run(void)
{
	struct measured_call s;
	uint64_t i;

	for (i = 0; i < rounds; i++) {
		measured_begin(&s, &account);
		dispatch(&section_cpu_ns);
		measured_end(&s);
	}
	for (i = 0; i < rounds; i++)
		dispatch(&outside_cpu_ns);
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{.name = "--rounds", .number = &rounds}, {.name = "--workers", .number = &workers}, {0}};
	struct account *const all[] = {&account};
	pthread_t thread;
	uint64_t i;

	truth_options(argc, argv, options);
	if (!workers || workers > WORKERS_MAX)
		return 2;
	for (i = 0; i < workers; i++)
		if (pthread_create(&thread, NULL, work_forever, NULL))
			return 1;
	truth_gate();
	run();
	truth_open();
	printf(",\"workers\":{\"section_cpu_ns\":%" PRIu64 ",\"outside_cpu_ns\":%" PRIu64 "}", section_cpu_ns, outside_cpu_ns);
	measured_print(all, 1);
	truth_close();
	return 0;
}
