// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* section_functions.c - the functions of --section that are found in samples of the stack. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collect/samples/section_functions.h"
#include "symbol/function_name.h"
#include "symbol/python_match.h"

int section_functions_open(struct section_functions *functions)
{
	functions->is_section = calloc(STACK_FRAMES, sizeof(*functions->is_section));
	return functions->is_section ? 0 : -ENOMEM;
}

int section_functions_add(struct section_functions *functions, const char *name, bool python, __u32 section_id)
{
	if (functions->nr == SECTION_FUNCTIONS_MAX)
		return fail(-E2BIG, "--section: more than %d functions", SECTION_FUNCTIONS_MAX);
	functions->list[functions->nr++] = (struct section_function){.name = name, .python = python, .section_id = section_id};
	return 0;
}

/* Frames of one function differ by their line. */
static bool is_same_function(const struct snapshot_frame *a, const struct snapshot_frame *b)
{
	return a->first_line == b->first_line && a->file && b->file && !strcmp(a->file, b->file);
}

static void add_place(struct python_places *places, const struct stack_table *table, __u32 frame)
{
	size_t i;

	for (i = 0; i < places->nr; i++)
		if (is_same_function(&table->frames[places->frames[i]], &table->frames[frame]))
			return;
	if (places->nr < SECTION_PLACES)
		places->frames[places->nr++] = frame;
	places->all++;
}

static bool is_function(struct section_function *f, const struct stack_table *table, const struct symbol *s, __u32 frame)
{
	enum python_match match;

	if (!f->python)
		return !s->python && s->function && function_name_match(s->function, f->name) == FUNCTION_WHOLE;
	match = s->python ? python_match(f->name, s) : PYTHON_MATCH_NO;
	if (match != PYTHON_MATCH_NO)
		add_place(match == PYTHON_MATCH_YES ? &f->counted : &f->perhaps, table, frame);
	if (match == PYTHON_MATCH_YES)
		f->suspends |= s->suspends;
	return match == PYTHON_MATCH_YES;
}

void section_functions_meet(struct section_functions *functions, const struct stack_table *table, const struct symbol *symbol,
			    __u32 frame)
{
	size_t i;

	for (i = 0; i < functions->nr; i++)
		if (is_function(&functions->list[i], table, symbol, frame))
			functions->is_section[frame] |= 1ULL << i;
}

/* The section is among them already if the function is probed, too. */
static bool sample_has_section(const struct sample *sample, __u32 section_id)
{
	int i;

	for (i = 0; i < sample->nr_sections; i++)
		if (sample->sections[i] == section_id)
			return true;
	return false;
}

static void add_sample_section(struct sampled_parts *parts, pid_t pid, struct sample *sample, __u32 section_id, bool innermost)
{
	sampled_parts_count(parts, pid, (__u16)section_id, innermost, sample);
	if (sample->nr_sections < SAMPLE_SECTIONS && !sample_has_section(sample, section_id))
		sample->sections[sample->nr_sections++] = (__u16)section_id;
}

/* Several functions may be one section, and one of them may call another. */
static bool is_met_section(const struct section_functions *functions, __u64 met, __u32 section_id)
{
	for (; met; met &= met - 1)
		if (functions->list[__builtin_ctzll(met)].section_id == section_id)
			return true;
	return false;
}

void section_functions_add_to(struct section_functions *functions, struct sampled_parts *parts, pid_t pid, struct sample *sample,
			      const __u32 *frames, __u32 nr)
{
	__u64 bits, met = 0, before;
	__u32 i, section_id;

	for (i = 0; i < nr; i++) {
		bits = functions->is_section[frames[i]] & ~met;
		for (before = met; bits; bits &= bits - 1) {
			section_id = functions->list[__builtin_ctzll(bits)].section_id;
			if (!is_met_section(functions, met, section_id))
				add_sample_section(parts, pid, sample, section_id, !before);
			met |= bits & -bits;
		}
	}
	functions->met |= met;
}

const struct section_function *section_functions_find(const struct section_functions *functions, const char *name)
{
	size_t i;

	for (i = 0; i < functions->nr; i++)
		if (!strcmp(functions->list[i].name, name))
			return &functions->list[i];
	return NULL;
}

bool section_functions_has_met(const struct section_functions *functions, const struct section_function *function)
{
	return functions->met >> (function - functions->list) & 1;
}

void section_functions_close(struct section_functions *functions)
{
	free(functions->is_section);
}
