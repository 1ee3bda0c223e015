/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* metric.h - the numbers of a session that can be compared with those of another. */
#ifndef COMPARE_METRIC_H
#define COMPARE_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "dcbs/profiler.h"

#define METRIC_MOST 32		/* metrics of a comparison */
#define METRIC_CAUSES 13

enum metric_kind {
	METRIC_MEAN, METRIC_P50, METRIC_P95, METRIC_P99, METRIC_MAX, METRIC_TOTAL, METRIC_SELF, METRIC_CALLS, METRIC_ITEMS_PER_S,
	METRIC_CPU, METRIC_WAIT, METRIC_RSS, METRIC_PEAK, METRIC_HIT_RATE,
};

enum metric_subject { METRIC_OF_SECTION, METRIC_OF_SESSION, METRIC_OF_CACHE };
enum metric_unit { METRIC_SECONDS, METRIC_BYTES, METRIC_COUNT, METRIC_RATE, METRIC_SHARE };
enum metric_per { METRIC_PER_CALL, METRIC_PER_ITEM, METRIC_PER_SECOND, METRIC_PER_RUN };

struct metric {
	enum metric_kind kind;
	size_t cause;		/* of METRIC_WAIT: index of metric_causes[] */
};

/* A cause of a section's time; the causes add up to it. */
struct metric_cause {
	const char *word;
	size_t offset;		/* in struct dcbs_wall */
};

extern const struct metric_cause metric_causes[METRIC_CAUSES];

/* Reads a name such as p99 or wait:gil, of that length. Returns false if there is no such metric. */
bool metric_parse(struct metric *metric, const char *name, size_t length);
bool metric_parse_per(enum metric_per *per, const char *name);

/* Writes the name. */
void metric_name(const struct metric *metric, char *to, size_t size);

/* All names, for help: "mean, p50, ...". */
const char *metric_names(void);

enum metric_subject metric_subject_of(const struct metric *metric);
enum metric_unit metric_unit_of(const struct metric *metric);

/* The words for a change upwards and downwards: slower and faster, or more and less. */
const char *metric_word(const struct metric *metric, bool up);

/* Returns true if a value of the metric depends on --per. */
bool metric_is_divided(const struct metric *metric);

/* The time of a cause, that of small corrections included in "other"; NAN: unknown. */
double metric_cause_s(const struct dcbs_wall *wall, size_t cause);

/* The value of a session; NAN: unknown. root: the section by whose calls totals are divided; NULL: they are divided by seconds. */
double metric_of_section(const struct metric *metric, const struct dcbs_report *report, const struct dcbs_section *section,
			 enum metric_per per, const struct dcbs_section *root);
double metric_of_session(const struct metric *metric, const struct dcbs_report *report);
double metric_of_cache(const struct metric *metric, const struct dcbs_cache_summary *cache);

#endif
