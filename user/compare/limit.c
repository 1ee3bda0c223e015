// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* limit.c - limits for a change. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "compare/limit.h"

static const struct limit_unit {
	const char *word;
	enum metric_unit unit;
	double size;
} units[] = {
	{"ns", METRIC_SECONDS, 1e-9}, {"us", METRIC_SECONDS, 1e-6}, {"ms", METRIC_SECONDS, 1e-3}, {"s", METRIC_SECONDS, 1},
	{"B", METRIC_BYTES, 1}, {"KiB", METRIC_BYTES, 1024}, {"MiB", METRIC_BYTES, 1 << 20}, {"GiB", METRIC_BYTES, 1 << 30},
	{"", METRIC_COUNT, 1}, {"", METRIC_RATE, 1}, {"", METRIC_SHARE, 1}, {"%", METRIC_SHARE, 0.01},
};

double limit_unit_size(const struct metric *metric, const char *unit)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].unit == metric_unit_of(metric) && !strcmp(unit, units[i].word))
			return units[i].size;
	return 0;
}

static int refuse_limit(const char *text, const char *why)
{
	return fail(-EINVAL, "--fail-if %s: %s, as in 'forward_pass:p99>+10%%' or 'rss>+50MiB'", text, why);
}

/* SECTION:METRIC or METRIC, of that length. A metric may have a colon itself, so the longest end that is a metric counts. */
static int parse_subject(struct limit *limit, const char *text, size_t length)
{
	size_t begin = 0, colon;

	if (metric_parse(&limit->metric, text, length))
		return 0;
	while (begin < length) {
		colon = begin + strcspn(text + begin, ":");
		if (colon >= length)
			break;
		begin = colon + 1;
		if (!metric_parse(&limit->metric, text + begin, length - begin))
			continue;
		if (!colon || colon >= sizeof(limit->subject))
			return refuse_limit(limit->text, "the name of a section comes before the colon");
		memcpy(limit->subject, text, colon);
		return 0;
	}
	return fail(-EINVAL, "--fail-if %s: there is no such metric; there are: %s", limit->text, metric_names());
}

static int parse_amount(struct limit *limit, const char *text)
{
	char *end;
	double size;

	errno = 0;
	limit->amount = strtod(text, &end);
	if (errno || end == text || !isfinite(limit->amount) || (*text != '+' && *text != '-'))
		return refuse_limit(limit->text, "a change with its sign comes after < or >");
	if (!strcmp(end, "%")) {
		limit->is_share = true;
		limit->amount /= 100;
		return 0;
	}
	size = limit_unit_size(&limit->metric, end);
	limit->amount *= size;
	return size > 0 ? 0 : refuse_limit(limit->text, "the change ends with %, or with a unit of this metric");
}

int limit_parse(struct limit *limit, const char *text)
{
	const char *above = strrchr(text, '>'), *below = strrchr(text, '<');
	const char *sign = !below || (above && above > below) ? above : below;
	int err;

	*limit = (struct limit){.is_above = sign == above};
	if (strlen(text) >= sizeof(limit->text))
		return fail(-EINVAL, "--fail-if: at most %zu bytes", sizeof(limit->text) - 1);
	strcpy(limit->text, text);
	if (!sign || sign == text)
		return refuse_limit(text, "a limit is a metric, < or >, and a change");
	err = parse_subject(limit, text, (size_t)(sign - text));
	return err ? err : parse_amount(limit, sign + 1);
}
