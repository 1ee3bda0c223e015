// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * metrics_protobuf.c - metrics as messages of io.prometheus.client, with the report's histograms as native ones.
 *
 * A bucket of a native histogram of schema 5 ends at 2^(i/32) seconds, one of the report at 2^(i/32) ns. These bounds differ by a
 * part of a bucket, since 1e9 is no power of 2^(1/32): each bucket goes to the one that is 0.31 of a bucket, 0.7 %, below it.
 * The sum and the count are exact.
 */
#include <math.h>
#include <stdlib.h>

#include "render/export/metrics.h"

#define SCHEMA 5
#define SECOND_BUCKETS 957	/* 32 log2(1e9) is 956.69 */
#define ZERO_BELOW_S 0x1p-31	/* below the smallest duration, 1 ns. It also says that an empty histogram is a native one */

enum family_field { FAMILY_NAME = 1, FAMILY_HELP, FAMILY_TYPE, FAMILY_METRIC };
enum metric_field { METRIC_LABEL = 1, METRIC_GAUGE_VALUE, METRIC_COUNTER_VALUE, METRIC_HISTOGRAM_VALUE = 7 };
enum label_field { LABEL_NAME = 1, LABEL_VALUE };
enum value_field { VALUE_NUMBER = 1 };
enum histogram_field {
	HISTOGRAM_COUNT = 1, HISTOGRAM_SUM, HISTOGRAM_BUCKET, HISTOGRAM_SCHEMA = 5, HISTOGRAM_ZERO_BELOW, HISTOGRAM_ZERO_COUNT,
	HISTOGRAM_SPAN = 12, HISTOGRAM_DELTA,
};
enum bucket_field { BUCKET_CUMULATIVE = 1, BUCKET_BOUND };
enum span_field { SPAN_OFFSET = 1, SPAN_LENGTH };

struct protobuf_sink {
	struct metric_sink sink;
	struct wire *out;
	struct wire family, metric, value, inner;
	enum metric_type type;
	size_t values;		/* of the family so far */
};

static void begin_family(struct metric_sink *sink, const struct metric_family *family)
{
	struct protobuf_sink *p = (struct protobuf_sink *)sink;

	p->type = family->type;
	p->values = 0;
	p->family.nr = 0;
	wire_string(&p->family, FAMILY_NAME, family->name);
	wire_string(&p->family, FAMILY_HELP, family->help);
	wire_integer(&p->family, FAMILY_TYPE, family->type);
}

static void end_family(struct metric_sink *sink)
{
	struct protobuf_sink *p = (struct protobuf_sink *)sink;

	if (p->values)
		wire_delimited(p->out, &p->family);
}

static void write_labels(struct protobuf_sink *p, const struct metric_label *labels, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		wire_string(&p->inner, LABEL_NAME, labels[i].name);
		wire_string(&p->inner, LABEL_VALUE, labels[i].value);
		wire_part(&p->metric, METRIC_LABEL, &p->inner);
	}
}

static void end_metric(struct protobuf_sink *p, unsigned int field)
{
	wire_part(&p->metric, field, &p->value);
	wire_part(&p->family, FAMILY_METRIC, &p->metric);
	p->values++;
}

static void write_value(struct metric_sink *sink, const struct metric_label *labels, size_t nr, double value)
{
	struct protobuf_sink *p = (struct protobuf_sink *)sink;

	write_labels(p, labels, nr);
	wire_double(&p->value, VALUE_NUMBER, value);
	end_metric(p, p->type == METRIC_COUNTER ? METRIC_COUNTER_VALUE : METRIC_GAUGE_VALUE);
}

/* For a scraper that has no use for native histograms. */
static void write_classic_buckets(struct protobuf_sink *p, const struct dcbs_histogram *h)
{
	uint64_t counts[METRIC_BOUNDS];
	int i;

	metrics_cumulate(h, counts);
	for (i = 0; i < METRIC_BOUNDS; i++) {
		wire_integer(&p->inner, BUCKET_CUMULATIVE, counts[i]);
		wire_double(&p->inner, BUCKET_BOUND, metrics_bound_s(i));
		wire_part(&p->value, HISTOGRAM_BUCKET, &p->inner);
	}
}

/* Returns the number of buckets from `first` on that follow one another. */
static size_t span_length(const struct dcbs_histogram *h, size_t first)
{
	size_t nr = 1;

	while (first + nr < h->nr_buckets && h->buckets[first + nr].index == h->buckets[first + nr - 1].index + 1)
		nr++;
	return nr;
}

/* The offset of a span counts from the end of the last one. A bucket has the number of its end, in the report that of its begin. */
static void write_spans(struct protobuf_sink *p, const struct dcbs_histogram *h)
{
	int64_t end = SECOND_BUCKETS - 1;	/* the report's index that is 0 here */
	size_t i, length;

	for (i = 0; i < h->nr_buckets; i += length) {
		length = span_length(h, i);
		wire_signed(&p->inner, SPAN_OFFSET, h->buckets[i].index - end);
		wire_integer(&p->inner, SPAN_LENGTH, length);
		wire_part(&p->value, HISTOGRAM_SPAN, &p->inner);
		end = (int64_t)h->buckets[i].index + (int64_t)length;
	}
}

static void write_deltas(struct protobuf_sink *p, const struct dcbs_histogram *h)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < h->nr_buckets; i++) {
		wire_signed(&p->value, HISTOGRAM_DELTA, (int64_t)(h->buckets[i].count - last));
		last = h->buckets[i].count;
	}
}

static void write_histogram(struct metric_sink *sink, const struct metric_label *labels, size_t nr,
			    const struct metric_histogram *h)
{
	struct protobuf_sink *p = (struct protobuf_sink *)sink;

	write_labels(p, labels, nr);
	wire_integer(&p->value, HISTOGRAM_COUNT, h->count);
	wire_double(&p->value, HISTOGRAM_SUM, h->sum_s);
	write_classic_buckets(p, h->buckets);
	wire_signed(&p->value, HISTOGRAM_SCHEMA, SCHEMA);
	wire_double(&p->value, HISTOGRAM_ZERO_BELOW, ZERO_BELOW_S);
	wire_integer(&p->value, HISTOGRAM_ZERO_COUNT, h->buckets->zero_count);
	write_spans(p, h->buckets);
	write_deltas(p, h->buckets);
	end_metric(p, METRIC_HISTOGRAM_VALUE);
}

void metrics_protobuf(struct wire *to, const struct dcbs_report *report, struct metrics_memory *memory)
{
	struct protobuf_sink p = {.sink = {begin_family, write_value, write_histogram, end_family}, .out = to};

	metrics_each(report, false, memory ? metrics_memory_before(memory, &p.sink) : &p.sink);
	wire_free(&p.family);
	wire_free(&p.metric);
	wire_free(&p.value);
	wire_free(&p.inner);
}
