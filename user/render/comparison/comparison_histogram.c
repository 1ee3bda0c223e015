// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_histogram.c - see comparison_histogram.h. */
#include <math.h>

#include "base/human.h"
#include "bpfprof/hist.h"
#include "render/comparison/comparison_histogram.h"

#define BARS_IN_OCTAVE 8
#define BARS (HIST_OCTAVES * BARS_IN_OCTAVE + 1)
#define WIDTH 720.0
#define HEIGHT 120.0
#define AXIS 18.0	/* below the bars */
#define TICKS 5
#define MOST_BAR 24.0	/* width: few bars do not become wide ones */

/* Shares of the calls of a side; calls of 0 ns are in the first bar. */
struct side_bars {
	double share[BARS];
};

static int bar_of(int index)
{
	int bar = (index - HIST_MIN_INDEX) / (HIST_SUB / BARS_IN_OCTAVE);

	return bar < BARS ? bar : BARS - 1;
}

static double add_section(struct side_bars *side, const struct dcbs_histogram *h)
{
	double calls = (double)h->zero_count;
	size_t i;

	side->share[0] += calls;
	for (i = 0; i < h->nr_buckets; i++) {
		side->share[bar_of(h->buckets[i].index)] += (double)h->buckets[i].count;
		calls += (double)h->buckets[i].count;
	}
	return calls;
}

/* Returns false if the side has no calls. */
static bool fill_side(struct side_bars *side, const struct dcbs_section *const *sections, size_t nr)
{
	double calls = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		if (sections[i])
			calls += add_section(side, &sections[i]->histogram);
	for (i = 0; i < BARS && calls > 0; i++)
		side->share[i] /= calls;
	return calls > 0;
}

/* The bars that are shown. */
struct bar_range {
	int first, end;
	double highest;		/* share */
	double width;		/* of a bar */
};

static struct bar_range find_range(const struct side_bars *old_side, const struct side_bars *new_side)
{
	struct bar_range range = {.first = BARS};
	int i;

	for (i = 0; i < BARS; i++) {
		double share = fmax(old_side->share[i], new_side->share[i]);

		if (share <= 0)
			continue;
		range.first = i < range.first ? i : range.first;
		range.end = i + 1;
		range.highest = fmax(range.highest, share);
	}
	range.width = fmin(WIDTH / (range.end - range.first), MOST_BAR);
	return range;
}

static void write_bars(FILE *file, const struct side_bars *side, const struct bar_range *range, const char *kind)
{
	int i;

	fprintf(file, "<g class=\"%s\">", kind);
	for (i = range->first; i < range->end; i++)
		if (side->share[i] > 0)
			fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s: %s</title></rect>",
				(i - range->first) * range->width, HEIGHT * (1 - side->share[i] / range->highest), range->width,
				HEIGHT * side->share[i] / range->highest, kind, human_share(side->share[i]).text);
	fputs("</g>\n", file);
}

/* The lower end of a bar. */
static double begin_of(int bar)
{
	return exp2((double)(bar * (HIST_SUB / BARS_IN_OCTAVE) + HIST_MIN_INDEX) / HIST_SUB) * 1e-9;
}

static void write_axis(FILE *file, const struct bar_range *range)
{
	int i, bar;

	for (i = 0; i < TICKS; i++) {
		bar = range->first + (range->end - range->first) * i / TICKS;
		if (i && bar == range->first + (range->end - range->first) * (i - 1) / TICKS)
			continue;
		fprintf(file, "<text x=\"%.1f\" y=\"%.1f\">%s</text>", (bar - range->first) * range->width, HEIGHT + AXIS - 4,
			human_time(begin_of(bar)).text);
	}
}

void comparison_histogram_write(FILE *file, const struct dcbs_section *const *old_sections, size_t nr_old,
				const struct dcbs_section *const *new_sections, size_t nr_new)
{
	struct side_bars old_side = {0}, new_side = {0};
	struct bar_range range;

	if (!fill_side(&old_side, old_sections, nr_old) || !fill_side(&new_side, new_sections, nr_new))
		return;
	range = find_range(&old_side, &new_side);
	fprintf(file, "<svg viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" role=\"img\">\n", WIDTH, HEIGHT + AXIS, WIDTH, HEIGHT + AXIS);
	write_bars(file, &old_side, &range, "old");
	write_bars(file, &new_side, &range, "new");
	write_axis(file, &range);
	fputs("</svg>\n", file);
}
