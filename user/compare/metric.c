// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* metric.c - the numbers of a session that can be compared with those of another. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "compare/metric.h"

#define WAIT "wait:"
#define CALLS_BEYOND 10		/* that a percentile needs above it */
#define SIZE_OF_NAMES 512

#define CAUSE(name) {#name, offsetof(struct dcbs_wall, name##_s)}

const struct metric_cause metric_causes[METRIC_CAUSES] = {
	CAUSE(cpu), CAUSE(runqueue), CAUSE(throttled), CAUSE(steal), CAUSE(gil), CAUSE(lock), CAUSE(disk), CAUSE(network),
	CAUSE(fault), CAUSE(sleep), CAUSE(gpu), CAUSE(await), CAUSE(other),
};

static const struct metric_row {
	const char *name;
	enum metric_subject subject;
	enum metric_unit unit;
	const char *up, *down;
	bool is_divided;
} metrics[] = {
	[METRIC_MEAN] = {"mean", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", false},
	[METRIC_P50] = {"p50", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", false},
	[METRIC_P95] = {"p95", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", false},
	[METRIC_P99] = {"p99", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", false},
	[METRIC_MAX] = {"max", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", false},
	[METRIC_TOTAL] = {"total", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", true},
	[METRIC_SELF] = {"self", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", true},
	[METRIC_CALLS] = {"calls", METRIC_OF_SECTION, METRIC_COUNT, "more", "fewer", true},
	[METRIC_ITEMS_PER_S] = {"items_per_s", METRIC_OF_SECTION, METRIC_RATE, "faster", "slower", false},
	[METRIC_CPU] = {"cpu", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", true},
	[METRIC_WAIT] = {"wait", METRIC_OF_SECTION, METRIC_SECONDS, "slower", "faster", true},
	[METRIC_RSS] = {"rss", METRIC_OF_SESSION, METRIC_BYTES, "more", "less", false},
	[METRIC_PEAK] = {"peak", METRIC_OF_SESSION, METRIC_BYTES, "more", "less", false},
	[METRIC_HIT_RATE] = {"hit_rate", METRIC_OF_CACHE, METRIC_SHARE, "more", "less", false},
};

static bool is_word(const char *word, const char *name, size_t length)
{
	return strlen(word) == length && !strncmp(word, name, length);
}

static bool parse_wait(struct metric *metric, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < METRIC_CAUSES; i++)
		if (is_word(metric_causes[i].word, name, length)) {
			*metric = (struct metric){METRIC_WAIT, i};
			return true;
		}
	return false;
}

bool metric_parse(struct metric *metric, const char *name, size_t length)
{
	size_t i;

	if (length > strlen(WAIT) && !strncmp(name, WAIT, strlen(WAIT)))
		return parse_wait(metric, name + strlen(WAIT), length - strlen(WAIT));
	for (i = 0; i < ARRAY_SIZE(metrics); i++)
		if (i != METRIC_WAIT && is_word(metrics[i].name, name, length)) {
			*metric = (struct metric){.kind = (enum metric_kind)i};
			return true;
		}
	return false;
}

bool metric_parse_per(enum metric_per *per, const char *name)
{
	static const char *const words[] = {
		[METRIC_PER_CALL] = "call", [METRIC_PER_ITEM] = "item", [METRIC_PER_SECOND] = "second", [METRIC_PER_RUN] = "run",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], name)) {
			*per = (enum metric_per)i;
			return true;
		}
	return false;
}

void metric_name(const struct metric *metric, char *to, size_t size)
{
	if (metric->kind == METRIC_WAIT)
		snprintf(to, size, WAIT "%s", metric_causes[metric->cause].word);
	else
		snprintf(to, size, "%s", metrics[metric->kind].name);
}

const char *metric_names(void)
{
	static char list[SIZE_OF_NAMES];
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(metrics) && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				      i == METRIC_WAIT ? "wait:CAUSE" : metrics[i].name);
	return list;
}

enum metric_subject metric_subject_of(const struct metric *metric)
{
	return metrics[metric->kind].subject;
}

enum metric_unit metric_unit_of(const struct metric *metric)
{
	return metrics[metric->kind].unit;
}

const char *metric_word(const struct metric *metric, bool up)
{
	return up ? metrics[metric->kind].up : metrics[metric->kind].down;
}

bool metric_is_divided(const struct metric *metric)
{
	return metrics[metric->kind].is_divided;
}

/* ---- values ---- */

/* NAN, and not infinity, if there is nothing to divide by. */
static double divide(double amount, int64_t number)
{
	return number == DCBS_UNKNOWN || number <= 0 ? NAN : amount / (double)number;
}

double metric_cause_s(const struct dcbs_wall *wall, size_t cause)
{
	double s = *(const double *)((const char *)wall + metric_causes[cause].offset);

	if (metric_causes[cause].offset != offsetof(struct dcbs_wall, other_s) || isnan(wall->residue_s))
		return s;
	return s + wall->residue_s;
}

static double percentile(const struct dcbs_section *s, double value, double q)
{
	return s->count != DCBS_UNKNOWN && (double)s->count * (1 - q) >= CALLS_BEYOND - 1e-6 ? value : NAN;
}

/* The amount by whose of --per; by calls of `by`, if that is known, and by seconds otherwise. */
static double divide_per(double amount, enum metric_per per, const struct dcbs_section *section, const struct dcbs_section *by,
			 const struct dcbs_report *report)
{
	switch (per) {
	case METRIC_PER_CALL:
		return by ? divide(amount, by->count) : amount / report->duration_s;
	case METRIC_PER_ITEM:
		return divide(amount, section->items);
	case METRIC_PER_SECOND:
		return amount / report->duration_s;
	case METRIC_PER_RUN:
		return amount;
	}
	return NAN;
}

double metric_of_section(const struct metric *metric, const struct dcbs_report *report, const struct dcbs_section *s,
			 enum metric_per per, const struct dcbs_section *root)
{
	switch (metric->kind) {
	case METRIC_MEAN:
		return s->mean_s;
	case METRIC_P50:
		return percentile(s, s->p50_s, 0.5);
	case METRIC_P95:
		return percentile(s, s->p95_s, 0.95);
	case METRIC_P99:
		return percentile(s, s->p99_s, 0.99);
	case METRIC_MAX:
		return s->max_s;
	case METRIC_TOTAL:
		return divide_per(s->total_s, per, s, root, report);
	case METRIC_SELF:
		return divide_per(s->self_s, per, s, s, report);
	case METRIC_CALLS:
		return s->count == DCBS_UNKNOWN ? NAN : divide_per((double)s->count, per, s, root, report);
	case METRIC_ITEMS_PER_S:
		return s->items_per_s;
	case METRIC_CPU:
		return divide_per(s->wall.cpu_s, per, s, s, report);
	case METRIC_WAIT:
		return divide_per(metric_cause_s(&s->wall, metric->cause), per, s, s, report);
	default:
		return NAN;
	}
}

static double bytes_or_nan(int64_t bytes)
{
	return bytes == DCBS_UNKNOWN ? NAN : (double)bytes;
}

double metric_of_session(const struct metric *metric, const struct dcbs_report *report)
{
	if (metric->kind == METRIC_RSS)
		return bytes_or_nan(report->rss_end_bytes);
	return metric->kind == METRIC_PEAK ? bytes_or_nan(report->rss_peak_bytes) : NAN;
}

double metric_of_cache(const struct metric *metric, const struct dcbs_cache_summary *cache)
{
	return metric->kind == METRIC_HIT_RATE ? cache->hit_rate : NAN;
}
