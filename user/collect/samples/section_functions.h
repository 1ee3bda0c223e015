/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* section_functions.h - the functions of --section that are found in samples of the stack. */
#ifndef COLLECT_SAMPLES_SECTION_FUNCTIONS_H
#define COLLECT_SAMPLES_SECTION_FUNCTIONS_H

#include "collect/samples/sampled_parts.h"
#include "collect/samples/stack_table.h"

#define SECTION_FUNCTIONS_MAX 64	/* one bit each in a word */
#define SECTION_PLACES 8		/* functions of one name that are listed */

/* Functions of one name, by a frame of each in the table. */
struct python_places {
	__u32 frames[SECTION_PLACES];
	size_t nr;
	size_t all;		/* with those that did not fit */
};

struct section_function {
	const char *name;
	bool python;
	bool suspends;		/* one of `counted` is of an `async def`, which samples see only while it runs */
	__u32 section_id;
	struct python_places counted;	/* Python functions that are the section */
	struct python_places perhaps;	/* that may be it: their interpreter does not know their class. They are not counted */
};

struct section_functions {
	struct section_function list[SECTION_FUNCTIONS_MAX];
	size_t nr;
	__u64 *is_section;	/* by frame of the table; bit i: the frame is list[i] */
	__u64 met;		/* bit i: list[i] was on some stack */
};

int section_functions_open(struct section_functions *functions);

/*
 * Counts samples with that function on the stack in that section, too. A Python function is named as for python_match(). The
 * name is not copied.
 */
int section_functions_add(struct section_functions *functions, const char *name, bool python, __u32 section_id);

/* Finds out which of them a new frame of the table is. */
void section_functions_meet(struct section_functions *functions, const struct stack_table *table, const struct symbol *symbol,
			    __u32 frame);

/*
 * Adds those among the frames of a sample behind its marked sections or "(outside)", innermost first, and counts them in the parts
 * of its process.
 */
void section_functions_add_to(struct section_functions *functions, struct sampled_parts *parts, pid_t pid, struct sample *sample,
			      const __u32 *frames, __u32 nr);

/* Returns the function of --section, or NULL. */
const struct section_function *section_functions_find(const struct section_functions *functions, const char *name);

/* Returns true if the function was on some stack. */
bool section_functions_has_met(const struct section_functions *functions, const struct section_function *function);

void section_functions_close(struct section_functions *functions);

#endif
