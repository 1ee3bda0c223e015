/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * comparison.h - the results of a comparison of two sides, OLD and NEW, of one session or several each.
 *
 * The unit of evidence is the session: a side has one value of a metric for each of its sessions, and the spread of these values
 * tells whether a change is more than chance. The calls of one session are not independent of one another. They describe what
 * changed, and never decide whether something did.
 *
 * An unknown number is NAN.
 */
#ifndef COMPARE_COMPARISON_H
#define COMPARE_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "compare/limit.h"
#include "compare/metric.h"
#include "dcbs/profiler.h"

#define COMPARISON_SESSIONS 64	/* of a side, at most */

enum comparison_verdict {
	VERDICT_CANNOT_TELL,
	VERDICT_SMALL,		/* the section takes less than min_time of the window */
	VERDICT_NO_CHANGE,	/* none was found; the interval says how large it could be */
	VERDICT_UP,
	VERDICT_DOWN,
};

/* Why there is no verdict. */
enum comparison_obstacle {
	OBSTACLE_NONE,
	OBSTACLE_VALUES,	/* a side has no value of the metric */
	OBSTACLE_SESSIONS,	/* a side has too few sessions */
	OBSTACLE_ONE_EACH,	/* each side has one session: the interval covers these two runs alone */
};

/* A metric of a subject on both sides. */
struct comparison_effect {
	size_t nr_old, nr_new;		/* sessions in which the value is known */
	double old_value, new_value;	/* geometric means over them; arithmetic ones if is_linear */
	bool is_linear;			/* some value is 0 or negative, so it has no logarithm */
	double change;			/* new_value / old_value - 1 */
	double low, high;		/* its interval */
	bool is_within_runs;		/* the interval covers what varies within one session each, and not how sessions differ */
	double p;			/* of Welch's test */
	double permuted_p;		/* of the permutation test; NAN: it was not needed */
	double adjusted_p;		/* p, adjusted for all comparisons (Benjamini and Hochberg) */
	enum comparison_verdict verdict;
	enum comparison_obstacle obstacle;
};

/* A cause of a section's time on both sides, seconds a call. */
struct comparison_cause {
	double old_s, new_s;
};

/* A function whose self time in a section changed, seconds a call of the section. */
struct comparison_function {
	const char *function, *file;	/* file NULL: unknown */
	double old_s, new_s, error_s;	/* error_s: standard deviation of new_s - old_s */
};

#define COMPARISON_SHIFTS 5
#define COMPARISON_FUNCTIONS 5	/* of a section, at most */

extern const double comparison_shape_percentiles[COMPARISON_SHIFTS];

struct comparison_shape {
	double larger;		/* the probability that a call of NEW took longer than one of OLD, ties halved */
	double distance, distance_at_s;		/* the largest one of the two distribution functions, and where it is */
	double shifts[COMPARISON_SHIFTS];	/* of the percentiles: NEW / OLD - 1; NAN: too few calls */
};

/* A section, a cache, or the session as a whole. */
struct comparison_subject {
	enum metric_subject kind;
	const char *name;		/* of the session as a whole: "" */
	const char *parent;		/* of a section: the one around it; NULL: none, or unknown */
	int section_kind;		/* of struct dcbs_section */
	const struct dcbs_section **old_sections, **new_sections;	/* by session; NULL: it does not have it */
	bool in_old, in_new;		/* a session of that side has it */
	bool is_hidden;			/* its name is not wanted */
	double share;			/* of the window: the mean over the sessions of the side where it is larger */
	struct comparison_effect *effects;	/* one for each metric; obstacle OBSTACLE_VALUES where the metric is of other subjects */
	bool causes_known;
	struct comparison_cause causes[METRIC_CAUSES];	/* they add up to the means of both sides */
	struct comparison_shape shape;
	struct comparison_function functions[COMPARISON_FUNCTIONS];	/* the largest changes first */
	size_t nr_functions;
	const char *because;		/* a section inside it that explains the change; NULL: none does */
};

struct comparison_side {
	const char *const *files;
	struct dcbs_report *const *reports;
	size_t nr;
};

struct comparison_options {
	struct metric metrics[METRIC_MOST];	/* the first one of sections gives the verdict on a section */
	size_t nr_metrics;
	enum metric_per per;
	double confidence;
	double min_effect;	/* a smaller change is none */
	double min_time;	/* a section with a smaller share of the window has no verdict */
	const char *sections;	/* a pattern for fnmatch(); NULL: all */
	enum comparison_order { COMPARISON_BY_DELTA, COMPARISON_BY_CHANGE, COMPARISON_BY_NAME } order;
	bool force;		/* compare what cannot be compared */
	struct limit limits[LIMIT_MOST];
	size_t nr_limits;
};

/* A limit, judged for one of the subjects that it names. */
struct comparison_limit {
	const struct limit *limit;
	const struct comparison_subject *subject;
	const struct comparison_effect *effect;
	double p;		/* that there is no change; of a budget: that the value is not beyond it */
	double adjusted_p;	/* adjusted for all limits (Holm) */
	enum { LIMIT_KEPT, LIMIT_EXCEEDED, LIMIT_CANNOT_TELL } state;
};

struct comparison {
	const struct comparison_options *options;
	struct comparison_side old_side, new_side;
	char **warnings;	/* one line each: what makes the sides unlike */
	size_t nr_warnings;
	const char *root;	/* the section by whose calls totals are divided; NULL: there is none */
	struct comparison_subject *subjects;	/* those in both sides first, in the order that was asked for */
	size_t nr_subjects;
	size_t nr_all;		/* with those that are hidden, which stand behind the others */
	size_t nr_common;	/* subjects that both sides have */
	struct comparison_limit *limits;
	size_t nr_limits;
	size_t nr_exceeded, nr_cannot_tell;	/* of the limits */
	size_t nr_comparisons;	/* for which p is known, and adjusted */
};

/* Returns the effect that gives the verdict on a subject: that of the first metric of such subjects. NULL: there is none. */
const struct comparison_effect *comparison_main_effect(const struct comparison *c, const struct comparison_subject *subject);

/* Returns true if two sessions, one on each side, differ by more than varies within them. That is no verdict on the program. */
bool comparison_differs_within_runs(const struct comparison *c, const struct comparison_subject *subject,
				    const struct comparison_effect *e);

/* The sessions that each side needs for a verdict. */
size_t comparison_sessions_needed(const struct comparison *c);

/* Returns the word for a verdict on a metric: "slower", "faster", "more", "no change found", ... */
const char *comparison_word(const struct metric *metric, enum comparison_verdict verdict);

#endif
