/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* render.h - the formats a report can be written in. One file and one row of the table each. */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dcbs/profiler.h"

/* Of the functions of a section. */
enum order_key { ORDER_CUMULATIVE, ORDER_SELF, ORDER_CALLS, ORDER_NAME, ORDER_FILE, ORDER_LINE };

struct render_options {
	int width;	/* columns; 0: 80 */
	enum order_key order;
};

/* By a word of cProfile's, or one of --sort-by. False: there is none. */
bool order_by_name(const char *name, enum order_key *order);

struct render_format {
	const char *name;	/* of --format */
	const char *suffix;	/* of a file of --output, with the dot */
	const char *help;	/* one line */
	bool stacks;		/* it shows nothing else */
	int (*write)(FILE *file, const struct dcbs_report *report, const struct render_options *options);
};

/* Ends with a row whose name is NULL. */
extern const struct render_format render_formats[];

/* NULL: there is none. Of suffixes the longest counts: .speedscope.json is not .json. */
const struct render_format *render_by_name(const char *name);
const struct render_format *render_by_suffix(const char *path);

/* Writes and flushes; the file's own errors come back, too. */
int render_write(const struct render_format *format, FILE *file, const struct dcbs_report *report,
		 const struct render_options *options);

int text_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int json_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int folded_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int svg_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);
int speedscope_write(FILE *file, const struct dcbs_report *report, const struct render_options *options);

#endif
