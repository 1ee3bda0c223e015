// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * nested.c - sections inside one another, and the section that is around each in all of its calls.
 *
 *     nested [--rounds N] [--ns-body NS]
 *
 * "shared" is called in "question" and in "review", which "run" is around; "guest" is called in "run" and outside of all. "lone"
 * is open on another thread. Each body computes for --ns-body. Truth: "around": {name: name or null}.
 */
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"

static uint64_t rounds = 60, body_ns = 2000000;

static void compute_in(const char *name)
{
	dcbs_token t = dcbs_section_begin(dcbs_section_name(name));

	truth_spin_ns(body_ns);
	dcbs_section_end(t);
}

static void run_question(void)
{
	dcbs_profile_section("question") {
		compute_in("forward");
		compute_in("shared");
	}
}

static void run_review(void)
{
	dcbs_profile_section("review") {
		compute_in("shared");
		truth_spin_ns(body_ns);
	}
}

static void run_round(void)
{
	dcbs_profile_section("run") {
		run_question();
		run_review();
		compute_in("guest");
	}
	compute_in("guest");
}

static void *run_lone(void *arg)
{
	uint64_t i;

	for (i = 0; i < rounds; i++)
		compute_in("lone");
	return arg;
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {
		{"--rounds", &rounds, NULL, NULL}, {"--ns-body", &body_ns, NULL, NULL}, {NULL, NULL, NULL, NULL},
	};
	pthread_t lone;
	uint64_t i;

	truth_options(argc, argv, options);
	truth_gate();
	if (pthread_create(&lone, NULL, run_lone, NULL))
		return 1;
	for (i = 0; i < rounds; i++)
		run_round();
	pthread_join(lone, NULL);
	truth_open();
	printf(",\"around\": {\"run\": null, \"question\": \"run\", \"review\": \"run\", \"forward\": \"question\", "
	       "\"shared\": \"run\", \"guest\": null, \"lone\": null}");
	truth_close();
	return 0;
}
