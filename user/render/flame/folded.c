// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * folded.c - one line a stack, as flamegraph.pl and its kin read: section;outermost;...;innermost microseconds.
 *
 * Running and waiting both count. A stack that waited ends in a frame like "[waiting: disk]", so that `grep -v '\[waiting'`
 * leaves the flame graph of CPU time.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "render/flame/flame.h"
#include "render/format.h"

#define MICRO 1e6
#define MIDDLE 1e-4	/* rounds halves up, so that the digits that a saved session leaves out do not matter */
#define MOST 1e18

/* A semicolon would end the frame. */
static void write_name(FILE *file, const char *s)
{
	for (; *s; s++) {
		if (*s == ';')
			fputs("\\x3B", file);
		else
			fputc(*s, file);
	}
}

static void write_stack(FILE *file, const struct flame *f, uint32_t node, uint32_t *path)
{
	long long us = llround(fmin(f->nodes[node].self_s * MICRO + MIDDLE, MOST));
	uint32_t i, nr;

	if (us <= 0)
		return;
	nr = flame_path(f, node, path);
	for (i = 0; i < nr; i++) {
		if (i)
			fputc(';', file);
		write_name(file, f->names[f->nodes[path[i]].name].text);
	}
	fprintf(file, " %lld\n", us);
}

int folded_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct flame flame;
	uint32_t *path = NULL, i;
	int err = flame_build(&flame, report);

	(void)options;
	if (!err)
		path = calloc(flame.depth + 1, sizeof(*path));
	for (i = 0; i < flame.nr_nodes && path; i++)
		write_stack(file, &flame, i, path);
	if (!path)
		err = -ENOMEM;
	free(path);
	flame_free(&flame);
	return err;
}
