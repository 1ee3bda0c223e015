// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* operators.c - the operators of PyTorch that a section's time was spent in. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/operators.h"
#include "analyse/stacks/sample_weights.h"
#include "base/array.h"

#define PREFIX "at::_ops::"
#define NESTED_MOST 32	/* operators on a stack; those further out are left out */

/* An operator on a stack: a part of a function's name. */
struct operator_name {
	const char *text;
	int length;
};

struct operator_list {
	struct dcbs_report *r;
	size_t room;
	size_t first;		/* the first operator of the section */
	const char *section;
	double ticks, cpu_s;	/* of all stacks of the section */
};

/* "at::_ops::mm::call(at::Tensor const&, at::Tensor const&)" and "at::_ops::mm::redispatch(...)" are mm. */
static bool parse_operator(const char *function, struct operator_name *name)
{
	const char *end;

	if (strncmp(function, PREFIX, strlen(PREFIX)))
		return false;
	name->text = function + strlen(PREFIX);
	end = strstr(name->text, "::");
	if (!end || end == name->text || (strncmp(end, "::call", 6) && strncmp(end, "::redispatch", 12)))
		return false;
	name->length = (int)(end - name->text);
	return true;
}

static bool is_same_name(const char *operator, const struct operator_name *name)
{
	const char *base = operator + strlen("aten::");

	return !strncmp(base, name->text, (size_t)name->length) && !base[name->length];
}

/* Returns the place of the operator in r->operators, or -ENOMEM. */
static long get_operator(struct operator_list *list, const struct operator_name *name)
{
	struct dcbs_report *r = list->r;
	struct dcbs_operator *o;
	size_t i;

	for (i = list->first; i < r->nr_operators; i++)
		if (is_same_name(r->operators[i].name, name))
			return (long)i;
	if (!array_reserve(r->operators, r->nr_operators, list->room, 1))
		return -ENOMEM;
	o = &r->operators[r->nr_operators];
	*o = (struct dcbs_operator){.section = strdup(list->section), .self_error_s = NAN};
	if (!o->section || asprintf(&o->name, "aten::%.*s", name->length, name->text) < 0) {
		free(o->section);
		return -ENOMEM;
	}
	return (long)r->nr_operators++;
}

static bool is_met(const long *met, int nr, long place)
{
	while (nr-- > 0)
		if (met[nr] == place)
			return true;
	return false;
}

/* Adds the operators of a stack from the innermost outwards. One that is on it twice counts once. */
static int add_stack(struct operator_list *list, const struct dcbs_stack *stack)
{
	long met[NESTED_MOST], place;
	struct operator_name name;
	size_t i = stack->nr_frames;
	int nr = 0;

	list->ticks += (double)stack->samples;
	list->cpu_s += stack->cpu_s;
	while (i-- > 0 && nr < NESTED_MOST) {
		const struct dcbs_frame *frame = &list->r->frames[stack->frames[i]];

		if (frame->python || !parse_operator(frame->function, &name))
			continue;
		place = get_operator(list, &name);
		if (place < 0)
			return (int)place;
		if (is_met(met, nr, place))
			continue;
		if (!nr) {
			list->r->operators[place].self_s += stack->cpu_s + stack->off_s;
			list->r->operators[place].self_samples += stack->samples;
		}
		list->r->operators[place].cumulative_s += stack->cpu_s + stack->off_s;
		met[nr++] = place;
	}
	return 0;
}

static int operator_order(const void *a, const void *b)
{
	const struct dcbs_operator *x = a, *y = b;

	if (x->self_s != y->self_s)
		return x->self_s < y->self_s ? 1 : -1;
	if (x->cumulative_s != y->cumulative_s)
		return x->cumulative_s < y->cumulative_s ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void finish_section(struct operator_list *list)
{
	struct dcbs_report *r = list->r;
	size_t i;

	for (i = list->first; i < r->nr_operators; i++)
		if (r->operators[i].self_samples)
			r->operators[i].self_error_s = list->cpu_s *
				sample_weights_share_error((double)r->operators[i].self_samples, list->ticks, list->ticks);
	if (r->nr_operators > list->first)
		qsort(r->operators + list->first, r->nr_operators - list->first, sizeof(*r->operators), operator_order);
}

/* The stacks of a section stand together. */
int operators_fill(struct dcbs_report *r)
{
	struct operator_list list = {.r = r};
	size_t i;
	int err = 0;

	for (i = 0; i < r->nr_stacks && !err; i++) {
		if (!i || strcmp(r->stacks[i].section, r->stacks[i - 1].section)) {
			finish_section(&list);
			list.first = r->nr_operators;
			list.section = r->stacks[i].section;
			list.ticks = list.cpu_s = 0;
		}
		err = add_stack(&list, &r->stacks[i]);
	}
	finish_section(&list);
	return err;
}

void operators_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_operators; i++) {
		free(r->operators[i].section);
		free(r->operators[i].name);
	}
	free(r->operators);
}
