/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * limit.h - limits for a change, as --fail-if has them: forward_pass:p99>+10%, rss>+50MiB, *:mean>+5%; and
 * limits for the values of the new side, as the file of --budget has them.
 */
#ifndef COMPARE_LIMIT_H
#define COMPARE_LIMIT_H

#include <stdbool.h>

#include "compare/metric.h"

#define LIMIT_MOST 128
#define LIMIT_TEXT_BYTES 384
#define LIMIT_NAME_BYTES 256

struct limit {
	char text[LIMIT_TEXT_BYTES];	/* as it was given */
	char subject[LIMIT_NAME_BYTES];	/* a pattern for fnmatch(); "": the session as a whole, or all sections */
	struct metric metric;
	bool is_absolute;	/* of a budget: for the value of the new side; false: for the change */
	bool is_above;		/* exceeded by what is more than `amount`; false: by what is less */
	bool is_share;		/* amount is a part of the old value; false: it is in the unit of the metric */
	double amount;
};

/* Returns a negative errno and a message if the text is no limit. */
int limit_parse(struct limit *limit, const char *text);

/* The size of a unit of the metric, such as "ms"; 0: it has no such unit. */
double limit_unit_size(const struct metric *metric, const char *unit);

#endif
