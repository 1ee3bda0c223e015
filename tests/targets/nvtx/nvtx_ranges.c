// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * nvtx_ranges.c - a program with NVTX ranges and without markers, which knows nothing of the profiler.
 *
 *     nvtx_ranges [--iterations N] [--names N] [--open N]
 *
 * question > generate (a wide text), both pushed; NCCL:reduce of a domain (a registered text), pushed inside question and popped
 * after generate; overlap, started on the main thread and ended on another one. A mark each time, which is no range. --names: N
 * ranges with names of their own, after all others. --open: N ranges that are open at a time. `loaded` is 1 if a library has
 * taken the ranges, and `levels` counts wrong return values.
 */
#include <pthread.h>

#include "nvtx_client.h"
#include "truth.h"

enum { QUESTION, GENERATE, REDUCE, OVERLAP, RANGES };

static struct truth truths[RANGES] = {
	[QUESTION] = {.name = "question"}, [GENERATE] = {.name = "generate"}, [REDUCE] = {.name = "NCCL:reduce"},
	[OVERLAP] = {.name = "overlap"},
};

struct moment {
	uint64_t before, begun;
};

static struct moment open_moment[RANGES];
static uint64_t wrong_levels;
static nvtxDomainHandle_t domain;
static nvtxStringHandle_t reduce;

static void begins(int which, uint64_t before)
{
	open_moment[which] = (struct moment){before, truth_now_ns()};
}

static void ends(int which, uint64_t ending)
{
	truth_add(&truths[which], open_moment[which].before, open_moment[which].begun, ending, truth_now_ns());
}

static void check_level(int level, int expected)
{
	wrong_levels += level != expected;
}

static void push_reduce(void)
{
	const nvtxEventAttributes_t event = {
		.version = 3, .size = sizeof(event), .messageType = NVTX_MESSAGE_TYPE_REGISTERED, .message.registered = reduce,
	};
	uint64_t before = truth_now_ns();

	check_level(nvtxDomainRangePushEx(domain, &event), 0);
	begins(REDUCE, before);
}

/* Domains have stacks of their own, so this range may end after one that began later. */
static void pop_reduce(void)
{
	uint64_t ending = truth_now_ns();

	check_level(nvtxDomainRangePop(domain), 0);
	ends(REDUCE, ending);
}

static void generate(void)
{
	uint64_t before = truth_now_ns(), ending;

	push_reduce();
	before = truth_now_ns();
	check_level(nvtxRangePushW(L"generate"), 1);
	begins(GENERATE, before);
	truth_spin_ns(200000);
	ending = truth_now_ns();
	check_level(nvtxRangePop(), 1);
	ends(GENERATE, ending);
	pop_reduce();
}

static void *end_overlap(void *id)
{
	uint64_t ending;

	truth_sleep_ns(100000);
	ending = truth_now_ns();
	nvtxRangeEnd(*(nvtxRangeId_t *)id);
	ends(OVERLAP, ending);
	return NULL;
}

static void question(void)
{
	uint64_t before = truth_now_ns(), ending;
	nvtxRangeId_t id;
	pthread_t thread;

	check_level(nvtxRangePushA("question"), 0);
	begins(QUESTION, before);
	nvtxMarkA("a mark");
	before = truth_now_ns();
	id = nvtxRangeStartA("overlap");
	begins(OVERLAP, before);
	pthread_create(&thread, NULL, end_overlap, &id);
	generate();
	pthread_join(thread, NULL);
	ending = truth_now_ns();
	check_level(nvtxRangePop(), 0);
	ends(QUESTION, ending);
}

static void make_names(uint64_t names)
{
	char text[32];
	uint64_t i;

	for (i = 0; i < names; i++) {
		snprintf(text, sizeof(text), "step %u", (unsigned int)i);
		nvtxRangePushA(text);
		nvtxRangePop();
	}
}

/* Starts all ranges before the first of them ends. */
static void open_many(uint64_t many)
{
	nvtxRangeId_t *ids = calloc(many + 1, sizeof(*ids));
	uint64_t i;

	for (i = 0; ids && i < many; i++)
		ids[i] = nvtxRangeStartA("many");
	for (i = 0; ids && i < many; i++)
		nvtxRangeEnd(ids[i]);
	free(ids);
}

int main(int argc, char **argv)
{
	uint64_t iterations = 300, names = 0, many = 0, i;
	const struct truth_option options[] = {
		{.name = "--iterations", .number = &iterations}, {.name = "--names", .number = &names}, {.name = "--open", .number = &many}, {0},
	};

	truth_options(argc, argv, options);
	domain = nvtxDomainCreateA("NCCL");
	reduce = nvtxDomainRegisterStringA(domain, "reduce");
	truth_gate();
	for (i = 0; i < iterations; i++)
		question();
	make_names(names);
	open_many(many);
	truth_open();
	truth_number("loaded", nvtx_core_pointers[CORE_PUSH_A] != NULL);
	truth_number("levels", wrong_levels);
	truth_sections(truths, RANGES);
	truth_close();
	return 0;
}
