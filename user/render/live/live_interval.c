// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_interval.c - see live_interval.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/live/live_interval.h"

static const struct live_figures *find_figures(const struct live_figures *list, size_t nr, const struct dcbs_section *s)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (list[i].kind == s->kind && !strcmp(list[i].name, s->name))
			return &list[i];
	return NULL;
}

/* Figures of an estimate may fall. A section that was not there before has done all of it now. */
static void take_section(struct live_figures *to, const struct dcbs_section *s, const struct live_figures *before)
{
	int64_t calls = before ? before->calls : 0;
	double total_s = before ? before->total_s : 0;

	to->kind = s->kind;
	to->calls = s->count;
	to->total_s = s->total_s;
	to->new_calls = s->count == DCBS_UNKNOWN || calls == DCBS_UNKNOWN || s->count < calls ? DCBS_UNKNOWN : s->count - calls;
	to->new_total_s = s->total_s >= total_s ? s->total_s - total_s : NAN;
}

void live_interval_take(struct live_interval *interval, const struct dcbs_report *r)
{
	struct live_interval now = {.at_s = r->duration_s};
	size_t i;

	if (interval->nr && r->duration_s > interval->at_s)
		now.length_s = r->duration_s - interval->at_s;
	now.list = calloc(r->nr_sections + 1, sizeof(*now.list));
	for (i = 0; now.list && i < r->nr_sections; i++) {
		now.list[i].name = strdup(r->sections[i].name);
		if (!now.list[i].name)
			break;
		take_section(&now.list[i], &r->sections[i], find_figures(interval->list, interval->nr, &r->sections[i]));
		now.nr++;
	}
	live_interval_free(interval);
	*interval = now;
}

const struct live_figures *live_interval_of(const struct live_interval *interval, const struct dcbs_section *s)
{
	return interval->length_s > 0 ? find_figures(interval->list, interval->nr, s) : NULL;
}

void live_interval_free(struct live_interval *interval)
{
	size_t i;

	for (i = 0; i < interval->nr; i++)
		free(interval->list[i].name);
	free(interval->list);
	*interval = (struct live_interval){0};
}
