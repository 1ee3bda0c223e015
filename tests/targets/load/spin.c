// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * spin.c - a hot loop whose results prove themselves, for profilers that attach, detach and are killed.
 *
 *     spin [--ns-body NS] [--seconds S] [--threads N]
 *
 * After the go it runs "spin" on N threads until its standard input ends or S seconds have passed. Every section takes
 * one step of two sequences, one in integers and one in doubles. At the end the value after that many steps is computed
 * in another way. `checksum_ok` and the exit status say whether the two agree.
 */
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"

#define THREADS_MAX 64
#define LOOK_EVERY 256		/* sections between two clock reads */

static uint64_t ns_body, seconds, end_ns, threads = 1;
static volatile bool input_ended;
static dcbs_id id;

struct spinner {
	pthread_t thread;
	uint64_t count, sequence;
	double sum;
};

static void *spin(void *arg)
{
	struct spinner *s = arg;
	uint64_t sequence = 1, count = 0;
	double sum = 0;

	while (!input_ended) {
		dcbs_token token = dcbs_section_begin(id);

		sequence = sequence * TRUTH_LCG_MUL + TRUTH_LCG_ADD;
		sum += 0.25;
		if (ns_body)
			truth_spin_ns(ns_body);
		dcbs_section_end(token);
		if (++count % LOOK_EVERY == 0 && end_ns && truth_now_ns() >= end_ns)
			break;
	}
	s->count = count;
	s->sequence = sequence;
	s->sum = sum;
	return NULL;
}

/* The sequence's value after n steps from 1: the step is a map x -> mul * x + add, which is squared log2(n) times. */
static uint64_t sequence_after(uint64_t n)
{
	uint64_t mul = TRUTH_LCG_MUL, add = TRUTH_LCG_ADD, x = 1;

	for (; n; n /= 2) {
		if (n % 2)
			x = x * mul + add;
		add *= mul + 1;
		mul *= mul;
	}
	return x;
}

static void *wait_input(void *arg)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1)
		;
	input_ended = true;
	return arg;
}

static int start(struct spinner *spinners)
{
	pthread_t waiter;
	uint64_t i;

	if (seconds)
		end_ns = truth_now_ns() + seconds * 1000000000ULL;
	else if (pthread_create(&waiter, NULL, wait_input, NULL))
		return -1;
	for (i = 0; i < threads; i++)
		if (pthread_create(&spinners[i].thread, NULL, spin, &spinners[i]))
			return -1;
	for (i = 0; i < threads; i++)
		pthread_join(spinners[i].thread, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	static struct spinner spinners[THREADS_MAX];
	struct truth truth = {.name = "spin"};
	const struct truth_option options[] = {
		{.name = "--ns-body", .number = &ns_body},
		{.name = "--seconds", .number = &seconds},
		{.name = "--threads", .number = &threads},
		{0},
	};
	bool right = true;
	uint64_t i;

	truth_options(argc, argv, options);
	if (!threads || threads > THREADS_MAX)
		return 2;
	id = dcbs_section_name(truth.name);
	truth_gate();
	if (start(spinners))
		return 1;
	for (i = 0; i < threads; i++) {
		const struct spinner *s = &spinners[i];

		truth.count += s->count;
		right = right && s->sequence == sequence_after(s->count) && s->sum == 0.25 * (double)s->count;
	}
	truth_open();
	truth_number("checksum_ok", right);
	truth_sections(&truth, 1);
	truth_close();
	return right ? 0 : 1;
}
