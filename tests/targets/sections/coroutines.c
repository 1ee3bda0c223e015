// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * coroutines.c - sections on one thread that do not nest: any order, too deep, ended twice, never ended.
 *
 *     coroutines [--steps N] [--rounds N]
 *
 * "deep" is opened so often at once that EXTRA calls find no room: these run untimed and are `too_deep`.
 * "recurse" is RECURSION deep; outermost_ns is the time in which at least one call was open. "task-0" to "task-2" begin
 * and end in random order. "twice" is ended twice: the second end is `unmatched`. A token of zeros is ended as well,
 * which counts nowhere. "abandoned" stays open.
 */
#include "bpfprof/marker_abi.h"
#include "dcbs/markers.h"
#include "truth.h"

#define EXTRA 10
#define ROOM (DCBS_DEPTH + DCBS_FLOW_CHUNKS * DCBS_FLOW_SLOTS)	/* sections that a thread can have open */
#define RECURSION 20
#define TASKS 40	/* calls that are open at the same time, at most */
#define ABANDONED 2

enum { DEEP, RECURSE, TASK, TWICE = TASK + 3, SECTIONS };

static struct truth truths[SECTIONS] = {
	[DEEP] = {.name = "deep"},
	[RECURSE] = {.name = "recurse", .outermost_known = true},
	[TASK] = {.name = "task-0"},
	[TASK + 1] = {.name = "task-1"},
	[TASK + 2] = {.name = "task-2"},
	[TWICE] = {.name = "twice"},
};
static dcbs_id ids[SECTIONS];

struct task {
	dcbs_token token;
	uint64_t before, begun;
	int which;
};

static struct task task_begin(int which)
{
	struct task t = {.which = which, .before = truth_now_ns()};

	t.token = dcbs_section_begin(ids[which]);
	t.begun = truth_now_ns();
	return t;
}

static uint64_t task_end(const struct task *t)
{
	uint64_t ending = truth_now_ns();

	dcbs_section_end(t->token);
	truth_add(&truths[t->which], t->before, t->begun, ending, truth_now_ns());
	return ending - t->begun;
}

/* Must be called with no section open on the thread. */
static void too_deep(void)
{
	static dcbs_token tokens[ROOM + EXTRA];
	int i;

	for (i = 0; i < ROOM + EXTRA; i++)
		tokens[i] = dcbs_section_begin(ids[DEEP]);
	while (i--)
		dcbs_section_end(tokens[i]);
}

static void recurse(int depth)
{
	struct task t = task_begin(RECURSE);
	uint64_t ns;

	truth_spin_ns(500);
	if (depth > 1)
		recurse(depth - 1);
	ns = task_end(&t);
	if (depth == RECURSION)
		truths[RECURSE].outermost_ns += ns;
}

static void interleave(uint64_t steps)
{
	struct task tasks[TASKS];
	uint64_t chance = 7;
	uint32_t n = 0, i;

	for (; steps || n; steps -= !!steps) {
		uint32_t r = truth_random(&chance);

		if (steps && n < TASKS && (!n || r % 2)) {
			tasks[n++] = task_begin(TASK + (int)(r >> 8) % 3);
			continue;
		}
		i = (r >> 8) % n;
		task_end(&tasks[i]);
		tasks[i] = tasks[--n];
	}
}

static void end_twice(void)
{
	dcbs_token zeros = {0}, token = dcbs_section_begin(ids[TWICE]);

	dcbs_section_end(token);
	dcbs_section_end(token);
	dcbs_section_end(zeros);
	truths[TWICE].count++;
}

int main(int argc, char **argv)
{
	uint64_t steps = 10000, rounds = 50, i;
	const struct truth_option options[] = {
		{.name = "--steps", .number = &steps},
		{.name = "--rounds", .number = &rounds},
		{0},
	};

	truth_options(argc, argv, options);
	for (i = 0; i < SECTIONS; i++)
		ids[i] = dcbs_section_name(truths[i].name);
	too_deep();	/* maps the memory; a profiler that attaches later does not count it */
	truth_gate();
	too_deep();
	truths[DEEP].count = ROOM;
	for (i = 0; i < rounds; i++) {
		recurse(RECURSION);
		end_twice();
	}
	interleave(steps);
	for (i = 0; i < ABANDONED; i++)
		dcbs_section_begin(dcbs_section_name("abandoned"));
	truth_open();
	truth_number("too_deep", EXTRA);
	truth_number("unmatched", rounds);
	truth_number("abandoned", ABANDONED);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
