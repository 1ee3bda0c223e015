/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * format.h - the interface of an output format: its description, its options and its writer.
 *
 * A new format is one file, its writer's prototype here, and one row in the table of render.c. Formats include this header
 * and never render.h, so that they can be read and tested without the table.
 */
#ifndef RENDER_FORMAT_H
#define RENDER_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "dcbs/profiler.h"
#include "render/order.h"

struct render_options {
	int width;		/* columns; 0: no terminal: 100 columns, and more where a name needs it */
	enum order_key order;	/* of the functions of a section */
	bool flat;		/* sections as a list instead of a tree */
	bool colour;		/* escape sequences for colours */
	bool verbose;		/* with the checks and the costs of the profiler, and longer lists */
};

struct render_format {
	const char *name;	/* of --format */
	const char *suffix;	/* of a file of --output, with the dot */
	const char *help;	/* one line */
	bool stacks;		/* shows stacks alone */
	int (*write)(FILE *file, const struct dcbs_report *report, const struct render_options *options);
};

/* Writers return 0 or a negative errno. The thread's locale is C.UTF-8 while they run. */
int text_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int json_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int json_gz_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int markdown_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int summary_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int html_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int folded_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int svg_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int trace_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int pprof_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int prom_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int speedscope_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);

/*
 * Figures for scrapers of Prometheus: in the text format, or as delimited messages of Protocol Buffers. As long as the memory lives, no
 * counter in what is written by it falls. metrics_memory_new() returns NULL without memory.
 */
struct metrics_memory;

struct metrics_memory *metrics_memory_new(void);
int metrics_memory_write(struct metrics_memory *memory, FILE *file, const struct dcbs_report *report, bool protobuf);
void metrics_memory_free(struct metrics_memory *memory);

#endif
