// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * fibers.c - many flows that take turns on one thread in random order, as fibers or coroutines of a scheduler do.
 *
 *     fibers [--flows N] [--calls N] [--tokens N]
 *
 * Each flow opens "outer" and in it "inner", and ends them, over and over: a step at each of its turns. "inner" computes for
 * SPIN_NS in one of its turns. Then --tokens calls of "token" are open at the same time on the thread itself, without flows, and end in
 * random order. "around" is open all the time on the thread itself. All durations are exact; self_ns of "outer" lies between the two
 * clocks as well, and is printed as a number: outer_self_ns, outer_self_around_ns. computed_ns: running time of "inner".
 */
#include "dcbs/markers.h"
#include "truth.h"

#define SPIN_NS 20000
#define MOST 20000

enum { OUTER, INNER, TOKEN, AROUND, SECTIONS };

static struct truth truths[SECTIONS] = {{.name = "outer"}, {.name = "inner"}, {.name = "token"}, {.name = "around"}};
static dcbs_id ids[SECTIONS];

struct call {
	dcbs_token token;
	uint64_t before, begun;
};

struct flow {
	struct call outer, inner;
	unsigned int step;
	uint64_t calls;
};

static struct flow flows[MOST];
static struct call tokens[MOST];
static uint64_t computed_ns, chance = 11;

static struct call call_begin(int which)
{
	struct call c = {.before = truth_now_ns()};

	c.token = dcbs_section_begin(ids[which]);
	c.begun = truth_now_ns();
	return c;
}

static void call_end(int which, const struct call *c)
{
	uint64_t ending = truth_now_ns();

	dcbs_section_end(c->token);
	truth_add(&truths[which], c->before, c->begun, ending, truth_now_ns());
}

/* By the thread's CPU time: the scheduler may let another process run meanwhile. */
static void compute(void)
{
	uint64_t begin = truth_cpu_ns(), now = begin;

	while (now - begin < SPIN_NS)
		now = truth_cpu_ns();
	computed_ns += now - begin;
}

/* One turn of a flow. Returns true if it has made a call of "outer". */
static bool take_turn(struct flow *f)
{
	switch (f->step++ % 5) {
	case 0:
		f->outer = call_begin(OUTER);
		break;
	case 1:
		f->inner = call_begin(INNER);
		break;
	case 2:
		compute();
		break;
	case 3:
		call_end(INNER, &f->inner);
		break;
	case 4:
		call_end(OUTER, &f->outer);
		f->calls++;
		return true;
	}
	return false;
}

static void run_flows(uint64_t n, uint64_t calls)
{
	uint64_t left = n * calls, i;

	while (left) {
		i = truth_random(&chance) % n;
		while (flows[i].calls == calls)
			i = (i + 1) % n;
		dcbs_flow_enter(i + 1);
		left -= take_turn(&flows[i]);
		dcbs_flow_leave();
	}
}

static void run_tokens(uint64_t n)
{
	uint64_t i, at;

	for (i = 0; i < n; i++)
		tokens[i] = call_begin(TOKEN);
	for (; n; n--) {
		at = truth_random(&chance) % n;
		call_end(TOKEN, &tokens[at]);
		tokens[at] = tokens[n - 1];
	}
}

int main(int argc, char **argv)
{
	uint64_t n = 50, calls = 40, nr_tokens = 200;
	const struct truth_option options[] = {
		{.name = "--flows", .number = &n},
		{.name = "--calls", .number = &calls},
		{.name = "--tokens", .number = &nr_tokens},
		{0},
	};
	struct call around;
	int i;

	truth_options(argc, argv, options);
	if (!n || n > MOST || nr_tokens > MOST)
		return 2;
	for (i = 0; i < SECTIONS; i++)
		ids[i] = dcbs_section_name(truths[i].name);
	truth_gate();
	around = call_begin(AROUND);
	run_flows(n, calls);
	run_tokens(nr_tokens);
	call_end(AROUND, &around);
	truth_open();
	truth_number("outer_self_ns", truths[OUTER].inside.total_ns - truths[INNER].around.total_ns);
	truth_number("outer_self_around_ns", truths[OUTER].around.total_ns - truths[INNER].inside.total_ns);
	truth_number("computed_ns", computed_ns);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
