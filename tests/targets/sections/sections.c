// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sections.c - nested sections of known durations: outer > 3 x inner > leaf, spinning and sleeping.
 *
 *     sections [--iterations N] [--seed N] [--open-before] [--leave-open]
 *
 * --open-before: the section "before" is open when the profiler attaches, and ends after the work.
 * --leave-open: the section "unfinished" is begun and never ended.
 */
#include "dcbs/markers.h"
#include "truth.h"

enum { OUTER, INNER, LEAF, SECTIONS };

static struct truth truths[SECTIONS] = {
	[OUTER] = {.name = "outer", .self_known = true},
	[INNER] = {.name = "inner", .self_known = true},
	[LEAF] = {.name = "leaf", .self_known = true},
};
static dcbs_id ids[SECTIONS];
static uint64_t chance = 1;

/* 1 us to 1 ms, each octave as likely as the others; one in 64 sleeps, and up to 5 ms. */
static void work(void)
{
	uint32_t r = truth_random(&chance);
	uint64_t octave_ns = 1000ULL << (r >> 6) % 10;

	if (r % 64 == 0)
		truth_sleep_ns(1000000 + r % 4000000);
	else
		truth_spin_ns(octave_ns + (r >> 10) % octave_ns);
}

/* The time of the inner sections is measured between their own begin and end, as for the section itself. */
static uint64_t section(int which)
{
	uint64_t before = truth_now_ns(), children_ns = 0, begun, ending;
	dcbs_token token = dcbs_section_begin(ids[which]);
	int i;

	begun = truth_now_ns();
	if (which == OUTER)
		for (i = 0; i < 3; i++)
			children_ns += section(INNER);
	if (which == INNER)
		children_ns = section(LEAF);
	if (which != OUTER)
		work();
	ending = truth_now_ns();
	dcbs_section_end(token);
	truth_add(&truths[which], before, begun, ending, truth_now_ns());
	truths[which].self_ns += ending - begun - children_ns;
	return ending - begun;
}

int main(int argc, char **argv)
{
	bool open_before = false, leave_open = false;
	uint64_t iterations = 1000, i;
	dcbs_token before = {0};
	const struct truth_option options[] = {
		{.name = "--iterations", .number = &iterations},
		{.name = "--seed", .number = &chance},
		{.name = "--open-before", .flag = &open_before},
		{.name = "--leave-open", .flag = &leave_open},
		{0},
	};

	truth_options(argc, argv, options);
	for (i = 0; i < SECTIONS; i++)
		ids[i] = dcbs_section_name(truths[i].name);
	if (open_before)
		before = dcbs_section_begin(dcbs_section_name("before"));
	truth_gate();
	for (i = 0; i < iterations; i++)
		section(OUTER);
	dcbs_section_end(before);
	if (leave_open)
		dcbs_section_begin(dcbs_section_name("unfinished"));
	truth_open();
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
