// SPDX-License-Identifier: MIT
/* own_flows.c - see own_flows.h: a hash table of the flows of all threads, with lists at its places. */
#include <stdlib.h>

#include "own_flows.h"

#define FIRST_SIZE 64

static struct own_flow **table, *unused;
static size_t table_size, nr_flows;

static size_t place_of(const struct own_thread *thread, const PyObject *context, size_t size)
{
	uint64_t key = (uint64_t)(uintptr_t)context ^ (uint64_t)(uintptr_t)thread << 7;

	return key * 0x9e3779b97f4a7c15ULL >> 32 & (size - 1);
}

static cold int grow_table(void)
{
	size_t size = table_size ? table_size * 2 : FIRST_SIZE, i;
	struct own_flow **larger = calloc(size, sizeof(struct own_flow *)), *flow, *next;

	if (!larger)
		return -1;
	for (i = 0; i < table_size; i++)
		for (flow = table[i]; flow; flow = next) {
			size_t place = place_of(flow->thread, flow->context, size);

			next = flow->next;
			flow->next = larger[place];
			larger[place] = flow;
		}
	free(table);
	table = larger;
	table_size = size;
	return 0;
}

struct own_flow *own_flow_find(struct own_thread *thread, const PyObject *context)
{
	struct own_flow *flow;

	if (!context)
		return &thread->first;
	if (thread->last && thread->last->context == context)
		return thread->last;
	flow = table_size ? table[place_of(thread, context, table_size)] : NULL;
	while (flow && (flow->context != context || flow->thread != thread))
		flow = flow->next;
	if (flow)
		thread->last = flow;
	return flow;
}

static struct own_flow *make_flow(struct own_thread *thread, PyObject *context)
{
	struct own_flow *flow = unused;
	size_t place;

	if (nr_flows >= table_size && grow_table())
		return NULL;
	if (flow)
		unused = flow->next;
	else
		flow = malloc(sizeof(*flow));
	if (!flow)
		return NULL;
	place = place_of(thread, context, table_size);
	Py_INCREF(context);
	*flow = (struct own_flow){.thread = thread, .context = context, .next = table[place]};
	table[place] = flow;
	nr_flows++;
	thread->flows++;
	thread->last = flow;
	return flow;
}

struct own_flow *own_flow_get(struct own_thread *thread, PyObject *context)
{
	struct own_flow *flow = own_flow_find(thread, context);

	return likely(flow) ? flow : make_flow(thread, context);
}

PyObject *own_flow_end(struct own_flow *flow)
{
	struct own_flow **link = &table[place_of(flow->thread, flow->context, table_size)];

	while (*link != flow)
		link = &(*link)->next;
	*link = flow->next;
	if (flow->thread->last == flow)
		flow->thread->last = NULL;
	flow->thread->flows--;
	nr_flows--;
	flow->next = unused;
	unused = flow;
	return flow->context;
}
