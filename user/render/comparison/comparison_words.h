/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* comparison_words.h - changes, intervals and verdicts as people read them, for all formats that are text. */
#ifndef RENDER_COMPARISON_COMPARISON_WORDS_H
#define RENDER_COMPARISON_COMPARISON_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/human.h"
#include "compare/comparison.h"

struct comparison_line {
	char text[768];
};

struct human comparison_change(double change);			/* +11.8%, x12.3; "-": unknown */
struct human comparison_interval(const struct comparison_effect *e);	/* +8.9..+14.7%; "-": unknown */
struct human comparison_value(const struct metric *metric, double value);
struct human comparison_time_change(double seconds);		/* +1.23 ms */

/* "5 sessions of python3 run.py: a.json, b.json, ..." */
struct comparison_line comparison_side_line(const struct comparison_side *side);

/* Returns true if the effect is up or down. */
bool comparison_is_changed(const struct comparison_effect *e);

/* A change of a metric that gives no verdict on its subject is news only if the verdict itself is none. */
bool comparison_is_news(const struct comparison *c, const struct comparison_subject *s, size_t metric);

/* "mean +11.8% (44.1 ms -> 49.3 ms, 95%: +8.9..+14.7%), because of forward_pass" */
struct comparison_line comparison_effect_line(const struct comparison *c, const struct comparison_subject *s, size_t metric);

/* The name of a subject: a section's, a cache's, or that of the session as a whole. */
const char *comparison_subject_name(const struct comparison_subject *s);

/* The verdict on all subjects that did not change, a line for each kind of answer. nr lines, at most COMPARISON_REST_LINES. */
#define COMPARISON_REST_LINES 4

struct comparison_rest {
	struct comparison_line lines[COMPARISON_REST_LINES];
	const char *labels[COMPARISON_REST_LINES];
	size_t nr;
};

struct comparison_rest comparison_rest(const struct comparison *c);

/* "forward_pass:p99>+10%: exceeded: +24%, 95%: +15..+33%" */
struct comparison_line comparison_limit_line(const struct comparison *c, const struct comparison_limit *l);
const char *comparison_limit_word(const struct comparison_limit *l);

/* How a format writes its list of verdicts: an item, and the line that counts the changes that are left out. */
struct comparison_list {
	void (*write_item)(FILE *file, const char *label, const char *words);
	void (*write_more)(FILE *file, size_t left_out);
	size_t most;		/* items of limits, and of changes */
};

/* Writes the limits that are not kept, the news, and the rest. */
void comparison_write_verdicts(FILE *file, const struct comparison *c, const struct comparison_list *list);

/* The reason why there is no verdict. */
struct comparison_line comparison_obstacle_line(const struct comparison *c, enum comparison_obstacle obstacle);

/* "cpu +5.0 ms, lock +1.2 ms; sgemm_ +0.9 ms": the causes and functions that have most of the change. "": unknown. */
struct comparison_line comparison_why_line(const struct comparison_subject *s);

/* How the calls of both sides are distributed. */
struct comparison_line comparison_shape_line(const struct comparison_shape *shape);

#endif
