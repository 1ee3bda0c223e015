/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * flame.h - stacks merged into a tree: sections, each below the section around it, then functions from the outermost one on.
 *
 * The stacks of a section are those in which it was the innermost one, so the times of its functions and of the sections in it add up to
 * its own. A section of which samples show no section around it stands at the top; so does one in two places that nothing contains.
 *
 * Calls of a function by the same caller are one node, whatever their lines. Waiting is a node of its own, below the function
 * that waited, so that a node's self time is either all running or all waiting.
 */
#ifndef RENDER_FLAME_FLAME_H
#define RENDER_FLAME_FLAME_H

#include <stdint.h>

#include "dcbs/profiler.h"

#define FLAME_NONE UINT32_MAX

enum flame_kind { FLAME_SECTION, FLAME_PYTHON, FLAME_NATIVE, FLAME_WAITING, FLAME_UNKNOWN };

/* The name of nodes. */
struct flame_name {
	char *text;		/* "function (file)", without the file's folders; no control characters */
	enum flame_kind kind;
	const struct dcbs_frame *frame;	/* the function's frame of the smallest line; NULL: not a function */
};

struct flame_node {
	uint32_t name;
	uint32_t parent;	/* FLAME_NONE: a section that is in no other one */
	uint32_t depth;		/* 0: such a section */
	double cpu_s, off_s;	/* running and waiting, including all nodes below */
	double self_s;
	int64_t samples;	/* including all nodes below */
};

struct flame {
	struct flame_name *names;	/* functions by name, then causes of waiting, then sections */
	size_t nr_names, nr_functions;
	struct flame_node *nodes;	/* depth first: a node, all nodes below it, then its next sibling; functions before sections */
	size_t nr_nodes;
	uint32_t depth;			/* number of levels */
	double total_s;			/* of all outermost sections */
	int64_t samples;
};

/* Returns 0 or -ENOMEM. flame_free() must be called in either case. */
int flame_build(struct flame *flame, const struct dcbs_report *report);
void flame_free(struct flame *flame);

/* The innermost section of a node; of a section, it itself. */
uint32_t flame_section(const struct flame *flame, uint32_t node);

/* Stores the nodes from the outermost section down to `node` in path[], which has room for flame->depth. Returns their number. */
uint32_t flame_path(const struct flame *flame, uint32_t node, uint32_t *path);

#endif
