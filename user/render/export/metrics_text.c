// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* metrics_text.c - metrics in the text format of Prometheus, https://prometheus.io/docs/instrumenting/exposition_formats. */
#include <math.h>
#include <string.h>

#include "render/export/metrics.h"
#include "render/format.h"

#define DIGITS 15	/* as many as a saved session has */
#define MOST_WHOLE 1e15		/* up to this, whole numbers are written as such */

struct text_sink {
	struct metric_sink sink;
	FILE *file;
	const struct metric_family *family;
	bool begun;		/* the lines of the family are written */
	char bounds[METRIC_BOUNDS][24];
};

static const char *type_word(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER: return "counter";
	case METRIC_GAUGE: return "gauge";
	case METRIC_HISTOGRAM: return "histogram";
	}
	return "untyped";
}

static void begin_family(struct metric_sink *sink, const struct metric_family *family)
{
	struct text_sink *t = (struct text_sink *)sink;

	t->family = family;
	t->begun = false;
}

static void end_family(struct metric_sink *sink)
{
	((struct text_sink *)sink)->family = NULL;
}

static void write_head(struct text_sink *t)
{
	const struct metric_family *f = t->family;

	if (!t->begun)
		fprintf(t->file, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, type_word(f->type));
	t->begun = true;
}

/* A backslash, a quote and a newline would end or change the value. */
static void write_escaped(FILE *file, const char *s)
{
	size_t plain;

	while (*s) {
		plain = strcspn(s, "\\\"\n");
		fwrite_unlocked(s, 1, plain, file);
		s += plain;
		if (!*s)
			return;
		fputc_unlocked('\\', file);
		fputc_unlocked(*s == '\n' ? 'n' : *s, file);
		s++;
	}
}

static void write_name(struct text_sink *t, const char *suffix, const struct metric_label *labels, size_t nr, const char *bound)
{
	size_t i;

	fputs_unlocked(t->family->name, t->file);
	fputs_unlocked(suffix, t->file);
	if (!nr && !bound)
		return;
	for (i = 0; i < nr; i++) {
		fputc_unlocked(i ? ',' : '{', t->file);
		fputs_unlocked(labels[i].name, t->file);
		fputs_unlocked("=\"", t->file);
		write_escaped(t->file, labels[i].value);
		fputc_unlocked('"', t->file);
	}
	if (bound) {
		fputs_unlocked(nr ? ",le=\"" : "{le=\"", t->file);
		fputs_unlocked(bound, t->file);
		fputc_unlocked('"', t->file);
	}
	fputc_unlocked('}', t->file);
}

static void write_whole(FILE *file, uint64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fputc_unlocked(' ', file);
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, file);
	fputc_unlocked('\n', file);
}

static void write_number(FILE *file, double value)
{
	if (value >= 0 && value < MOST_WHOLE && value == floor(value))
		write_whole(file, (uint64_t)value);
	else
		fprintf(file, " %.*g\n", DIGITS, value);
}

static void write_value(struct metric_sink *sink, const struct metric_label *labels, size_t nr, double value)
{
	struct text_sink *t = (struct text_sink *)sink;

	write_head(t);
	write_name(t, "", labels, nr, NULL);
	write_number(t->file, value);
}

static void write_histogram(struct metric_sink *sink, const struct metric_label *labels, size_t nr,
			    const struct metric_histogram *h)
{
	struct text_sink *t = (struct text_sink *)sink;
	uint64_t counts[METRIC_BOUNDS];
	int i;

	write_head(t);
	metrics_cumulate(h->buckets, counts);
	for (i = 0; i < METRIC_BOUNDS; i++) {
		write_name(t, "_bucket", labels, nr, t->bounds[i]);
		write_whole(t->file, counts[i]);
	}
	write_name(t, "_bucket", labels, nr, "+Inf");
	write_whole(t->file, h->count);
	write_name(t, "_sum", labels, nr, NULL);
	write_number(t->file, h->sum_s);
	write_name(t, "_count", labels, nr, NULL);
	write_whole(t->file, h->count);
}

void metrics_text(FILE *file, const struct dcbs_report *report, bool pid, struct metrics_memory *memory)
{
	struct text_sink t = {.sink = {begin_family, write_value, write_histogram, end_family}, .file = file};
	int i;

	for (i = 0; i < METRIC_BOUNDS; i++)
		snprintf(t.bounds[i], sizeof(t.bounds[i]), "%.*g", DIGITS, metrics_bound_s(i));
	metrics_each(report, pid, memory ? metrics_memory_before(memory, &t.sink) : &t.sink);
}

int prom_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	(void)options;
	metrics_text(file, report, true, NULL);
	return 0;
}
