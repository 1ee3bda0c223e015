/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * metrics.h - a report as metrics of Prometheus. metrics_each() says which there are; a sink writes them in one of the formats.
 *
 * Labels are bounded: sections and caches by the tables of names in the kernel, causes and losses by their kinds.
 */
#ifndef RENDER_EXPORT_METRICS_H
#define RENDER_EXPORT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dcbs/profiler.h"
#include "render/export/wire.h"

/* The values are those of MetricType in metrics.proto. */
enum metric_type { METRIC_COUNTER = 0, METRIC_GAUGE = 1, METRIC_HISTOGRAM = 4 };

struct metric_family {
	const char *name, *help;
	enum metric_type type;
};

struct metric_label {
	const char *name, *value;
};

#define METRIC_LABELS 4		/* of a value, at most */

struct metric_histogram {
	const struct dcbs_histogram *buckets;
	uint64_t count;			/* of all buckets */
	double sum_s;
};

/* A family comes first, then its values, then `end`. A family without values is left out. Sinks are parts of others. */
struct metric_sink {
	void (*family)(struct metric_sink *sink, const struct metric_family *family);
	void (*value)(struct metric_sink *sink, const struct metric_label *labels, size_t nr, double value);
	void (*histogram)(struct metric_sink *sink, const struct metric_label *labels, size_t nr, const struct metric_histogram *h);
	void (*end)(struct metric_sink *sink);
};

/* pid: values have the PID of the first target as a label, to tell apart the files of several profilers in one folder. */
void metrics_each(const struct dcbs_report *report, bool pid, struct metric_sink *sink);

struct metrics_memory;

/* Stands before a sink and raises counters that have fallen. */
struct metric_sink *metrics_memory_before(struct metrics_memory *memory, struct metric_sink *sink);

/* The text format 0.0.4. Errors are those of the file. memory: NULL if the figures are written once. */
void metrics_text(FILE *file, const struct dcbs_report *report, bool pid, struct metrics_memory *memory);

/* Delimited messages MetricFamily of io.prometheus.client, with native histograms. Errors are those of `to`. */
void metrics_protobuf(struct wire *to, const struct dcbs_report *report, struct metrics_memory *memory);

/*
 * The upper bounds of classic histograms are 4^n ns, from 16 us to 275 s. They are bounds of the report's own buckets, so that
 * counts are exact. Stores the number of calls up to each bound.
 */
#define METRIC_BOUNDS 13

double metrics_bound_s(int i);
void metrics_cumulate(const struct dcbs_histogram *from, uint64_t *counts);

#endif
