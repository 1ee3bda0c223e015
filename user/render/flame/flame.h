/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * flame.h - stacks put together to a tree: sections, then functions from the outermost one on.
 *
 * A function is one node of its caller's, whatever the lines. What was waited for has a node of its own below
 * the function that waited, so that a node's own time is either running or waiting.
 */
#ifndef RENDER_FLAME_FLAME_H
#define RENDER_FLAME_FLAME_H

#include <stdint.h>

#include "dcbs/profiler.h"

#define FLAME_NONE UINT32_MAX

enum flame_kind { FLAME_SECTION, FLAME_PYTHON, FLAME_NATIVE, FLAME_WAITING, FLAME_UNKNOWN };

/* What nodes are called. Texts have no control characters. */
struct flame_name {
	char *text;		/* "function (file)", without the file's folders */
	enum flame_kind kind;
	const struct dcbs_frame *frame;	/* of the smallest line; NULL: no function */
};

struct flame_node {
	uint32_t name;
	uint32_t parent;	/* FLAME_NONE: a section */
	uint32_t depth;		/* 0: a section */
	double cpu_s, off_s;	/* with what is below */
	double self_s;
	int64_t samples;	/* with what is below */
};

struct flame {
	struct flame_name *names;	/* the functions by name, then what is waited for, then the sections */
	size_t nr_names, nr_functions;
	struct flame_node *nodes;	/* a node comes before what is below it, and that before the next one */
	size_t nr_nodes;
	uint32_t depth;			/* of the deepest node, and one */
	double total_s;
};

/* 0 or -ENOMEM; to be freed in either case. */
int flame_build(struct flame *flame, const struct dcbs_report *report);
void flame_free(struct flame *flame);

/* The nodes from the section down to that one, into path[]. Returns how many, its depth and one. */
uint32_t flame_path(const struct flame *flame, uint32_t node, uint32_t *path);

#endif
