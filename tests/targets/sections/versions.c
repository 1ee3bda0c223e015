// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * versions.c - two versions of a program, which differ in how much one of its sections computes.
 *
 *     versions [--rounds N] [--percent P]
 *
 * "steady" does the same work in all versions, "changed" P percent of it. The work is a number of multiplications, no time.
 */
#include "measured_call.h"

#define WORK 400000

static uint64_t rounds = 200, percent = 100;
static volatile uint64_t sink;

static void compute(uint64_t steps)
{
	uint64_t x = sink | 1;

	for (; steps; steps--)
		x = x * TRUTH_LCG_MUL + TRUTH_LCG_ADD;
	sink = x;
}

static void call(struct account *account, uint64_t steps)
{
	struct measured_call s;

	measured_begin(&s, account);
	compute(steps);
	measured_end(&s);
}

int main(int argc, char **argv)
{
	static struct account steady = ACCOUNT("steady"), changed = ACCOUNT("changed");
	static struct account *const accounts[] = {&steady, &changed};
	const struct truth_option options[] = {
		{"--rounds", &rounds, NULL, NULL}, {"--percent", &percent, NULL, NULL}, {NULL, NULL, NULL, NULL},
	};
	uint64_t i;

	truth_options(argc, argv, options);
	truth_gate();
	for (i = 0; i < rounds; i++) {
		call(&steady, WORK);
		call(&changed, WORK / 100 * percent);
	}
	truth_open();
	measured_print(accounts, 2);
	truth_close();
	return 0;
}
