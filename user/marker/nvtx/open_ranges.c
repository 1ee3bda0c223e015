// SPDX-License-Identifier: MIT
/* open_ranges.c - see open_ranges.h. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nvtx/nvtx_abi.h"
#include "nvtx/open_ranges.h"
#include "process_state.h"
#include "threads/flows.h"
#include "threads/leader.h"

#define PUSHED_LEAST 64
#define PUSHED_MOST (1u << 17)	/* more than the markers time */
#define STARTED 4096		/* ranges that end by their number and may be open at a time, a power of two */
#define TRIES 64
#define RANGE_FLOW (1ULL << 63)	/* and the number of the range: its flow */
#define NOT_TIMED "(NVTX ranges not timed)"

/* The report has a row with their number. */
static cold void count_not_timed(void)
{
	dcbs_section_end(dcbs_section_begin(dcbs_section_name(NOT_TIMED)));
}

/* ---- pushed ranges ---- */

struct pushed_range {
	const struct range_domain *domain;
	dcbs_token token;
	int level;
};

struct range_stack {
	struct pushed_range *list;
	unsigned int nr, room;
};

static __thread struct range_stack *thread_stack __attribute__((tls_model("initial-exec")));
static pthread_key_t stack_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool has_key;

static void free_stack(void *memory)
{
	struct range_stack *stack = memory;

	thread_stack = NULL;
	free(stack->list);
	free(stack);
}

static void make_key(void)
{
	has_key = !pthread_key_create(&stack_key, free_stack);
}

void open_ranges_prepare(void)
{
	pthread_once(&key_once, make_key);
}

static cold struct range_stack *make_stack(void)
{
	struct range_stack *stack = has_key ? calloc(1, sizeof(*stack)) : NULL;

	if (stack && pthread_setspecific(stack_key, stack)) {
		free(stack);
		stack = NULL;
	}
	thread_stack = stack;
	return stack;
}

static cold bool grow_stack(struct range_stack *stack)
{
	unsigned int room = stack->room ? 2 * stack->room : PUSHED_LEAST;
	struct pushed_range *list = room <= PUSHED_MOST ? realloc(stack->list, room * sizeof(*list)) : NULL;

	if (!list)
		return false;
	stack->list = list;
	stack->room = room;
	return true;
}

/* Returns the number of ranges below and with the innermost one of that domain; 0: none is open. */
static unsigned int find_innermost(const struct range_stack *stack, const struct range_domain *domain)
{
	unsigned int i = stack->nr;

	while (i && stack->list[i - 1].domain != domain)
		i--;
	return i;
}

int open_ranges_push(const struct range_domain *domain, dcbs_id name)
{
	struct range_stack *stack = thread_stack;
	unsigned int i;

	if (unlikely(!stack))
		stack = make_stack();
	if (unlikely(!stack) || (unlikely(stack->nr == stack->room) && !grow_stack(stack))) {
		count_not_timed();
		return NVTX_NO_PUSH_POP;
	}
	i = find_innermost(stack, domain);
	stack->list[stack->nr] = (struct pushed_range){domain, dcbs_section_begin(name), i ? stack->list[i - 1].level + 1 : 0};
	return stack->list[stack->nr++].level;
}

int open_ranges_pop(const struct range_domain *domain)
{
	struct range_stack *stack = thread_stack;
	unsigned int i = stack ? find_innermost(stack, domain) : 0;
	struct pushed_range range;

	if (!i)
		return NVTX_NO_PUSH_POP;
	range = stack->list[i - 1];
	memmove(&stack->list[i - 1], &stack->list[i], (stack->nr - i) * sizeof(range));
	stack->nr--;
	dcbs_section_end(range.token);
	return range.level;
}

/* ---- started ranges ---- */

enum { RANGE_FREE, RANGE_CHANGES };	/* other values are the numbers of open ranges */

static struct started_range {
	uint64_t number;
	dcbs_token token;
} started[STARTED];
static uint64_t started_last;

static const struct dcbs_record *own_record(void)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

	if (!elsewhere)
		return dcbs_record;
	return *(struct dcbs_record **)((char *)__builtin_thread_pointer() + elsewhere->state->tls_offset);
}

/*
 * A started range belongs to no thread: others may end it, and it may overlap any range. So it is in a flow of its own. Then the
 * thread's own flow is the current one again.
 */
static dcbs_token begin_in_flow(dcbs_id name, uint64_t flow)
{
	const struct dcbs_record *r = own_record();
	uint64_t id = r ? r->flow_id : 0, at = r ? r->flow_at | r->flow_serial : 0;
	dcbs_token token;

	dcbs_flow_switch(flow, NULL);
	token = dcbs_section_begin(name);
	dcbs_flow_switch(id, (const void *)(uintptr_t)at);
	return token;
}

uint64_t open_ranges_start(dcbs_id name)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t number = STARTED + __atomic_fetch_add(&started_last, 1, __ATOMIC_RELAXED), expected = RANGE_FREE;
		struct started_range *range = &started[number % STARTED];

		if (!__atomic_compare_exchange_n(&range->number, &expected, RANGE_CHANGES, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		range->token = begin_in_flow(name, number | RANGE_FLOW);
		__atomic_store_n(&range->number, number, __ATOMIC_RELEASE);
		return number;
	}
	count_not_timed();
	return 0;
}

void open_ranges_end(uint64_t number)
{
	struct started_range *range = &started[number % STARTED];
	uint64_t expected = number;
	dcbs_token token;

	if (number < STARTED ||
	    !__atomic_compare_exchange_n(&range->number, &expected, RANGE_CHANGES, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	token = range->token;
	__atomic_store_n(&range->number, RANGE_FREE, __ATOMIC_RELEASE);
	dcbs_section_end(token);
}
