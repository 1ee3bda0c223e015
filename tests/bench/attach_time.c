// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * attach_time.c - the time from the start of a profiler to the first section that it counts.
 *
 * The target is in a hot loop and names its sections after the time: "ms016" are those begun in the
 * 17th or 18th millisecond after a given moment. The first name that the profiler reports tells when it
 * began to count, by the target's clock and without trusting either's word.
 */
#include <dcbs/markers.h>

#include "burst.h"

#define NAMES	256
#define STEP_MS	2
#define RUN_NS	2000000000ULL

static dcbs_id names[NAMES];

static void section_of(dcbs_id name)
{
	dcbs_token t = dcbs_section_begin(name);

	burst_barrier();
	dcbs_section_end(t);
}

/* Answers with the ns from start_ns until the library saw a profiler attached; 0: it never did. */
static double call_attach(uint64_t start_ns)
{
	uint64_t now, step, seen_ns = 0;

	do {
		now = burst_clock(CLOCK_MONOTONIC);
		step = now < start_ns ? 0 : (now - start_ns) / (STEP_MS * 1000000);
		section_of(names[step < NAMES ? step : NAMES - 1]);
		if (!seen_ns && dcbs_attached())
			seen_ns = now - start_ns;
	} while (now < start_ns + RUN_NS);
	return (double)seen_ns;
}

/* Runs sections of all names in turn, until RUN_NS after the attach. */
static double call_spread(uint64_t unused)
{
	uint64_t n = 0, end_ns = burst_clock(CLOCK_MONOTONIC) + 5 * RUN_NS, now, attached = 0;

	(void)unused;
	do {
		now = burst_clock(CLOCK_MONOTONIC);
		section_of(names[n++ % NAMES]);
		if (!attached && dcbs_attached()) {
			attached = 1;
			end_ns = now + RUN_NS;
		}
	} while (now < end_ns);
	return (double)attached;
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"attach", NULL, 0, call_attach},
		{"spread", NULL, 0, call_spread},
		{NULL, NULL, 0, NULL},
	};
	char name[16];
	int i;

	for (i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "ms%03d", i * STEP_MS);
		names[i] = dcbs_section_name(name);
	}
	return burst_serve(modes, argc, argv);
}
