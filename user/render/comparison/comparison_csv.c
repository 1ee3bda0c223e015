// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_csv.c - a comparison as comma-separated values (RFC 4180): a line for each subject and metric. Unknown is empty. */
#include <math.h>
#include <string.h>

#include "render/comparison/comparison_writers.h"

static void write_field(FILE *file, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text; text++)
		fputs(*text == '"' ? "\"\"" : (char[]){*text, 0}, file);
	fputc('"', file);
}

static void write_number(FILE *file, double v)
{
	fputc(',', file);
	if (isfinite(v))
		fprintf(file, "%.9g", v);
}

static void write_effect(FILE *file, const struct comparison_subject *s, const struct comparison_effect *e,
			 const struct metric *metric)
{
	static const char *const kinds[] = {"section", "process", "cache"};
	static const char *const units[] = {"s", "bytes", "calls", "items/s", "share"};
	char name[32];

	metric_name(metric, name, sizeof(name));
	fprintf(file, "%s,", kinds[s->kind]);
	write_field(file, s->name);
	fprintf(file, ",%s,%s", name, units[metric_unit_of(metric)]);
	write_number(file, e->old_value);
	write_number(file, e->new_value);
	write_number(file, e->change);
	write_number(file, e->low);
	write_number(file, e->high);
	write_number(file, e->p);
	write_number(file, e->adjusted_p);
	fprintf(file, ",%zu,%zu,%s\r\n", e->nr_old, e->nr_new, comparison_word(metric, e->verdict));
}

int comparison_csv(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	size_t i, k;

	(void)view;
	fputs("kind,name,metric,unit,old,new,change,low,high,p,adjusted_p,old_sessions,new_sessions,verdict\r\n", file);
	for (i = 0; i < c->nr_common; i++)
		for (k = 0; k < c->options->nr_metrics; k++)
			if (metric_subject_of(&c->options->metrics[k]) == c->subjects[i].kind)
				write_effect(file, &c->subjects[i], &c->subjects[i].effects[k], &c->options->metrics[k]);
	return 0;
}
