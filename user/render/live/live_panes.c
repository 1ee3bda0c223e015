// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_panes.c - see live_panes.h. */
#include <math.h>
#include <ncurses.h>
#include <string.h>

#include "base/human.h"
#include "render/live/live_hot.h"
#include "render/live/live_lines.h"
#include "render/live/live_panes.h"
#include "render/text/display.h"
#include "render/unknown.h"

#define LEAST_LINES 30	/* of a terminal with panes */
#define LEAST_COLUMNS 100
#define MOST_HOT 8
#define MOST_GPU 3
#define LITTLE_GPU_S 1e-3
#define FIGURE 9	/* columns of a figure */

/* The panes: below an empty line the hot functions with their titles, the memory, and sections that use a GPU. */
struct panes {
	const struct dcbs_report *report;
	struct live_hot hot[MOST_HOT];
	size_t nr_hot;
	double whole_s;
	const struct dcbs_section *gpu[MOST_GPU];
	size_t nr_gpu;
	bool memory;
};

static void find_gpu_sections(struct panes *p)
{
	size_t i;

	for (i = 0; i < p->report->nr_sections && p->nr_gpu < MOST_GPU; i++)
		if (p->report->sections[i].gpu.driver_s >= LITTLE_GPU_S || p->report->sections[i].gpu.wait_s >= LITTLE_GPU_S)
			p->gpu[p->nr_gpu++] = &p->report->sections[i];
}

static int lines_of(const struct panes *p)
{
	return 1 + (p->nr_hot ? 1 + (int)p->nr_hot : 0) + (p->memory ? 1 : 0) + (int)p->nr_gpu;
}

/* Leaves out functions until the panes fit into `room` lines. */
static bool fit_panes(struct panes *p, int room)
{
	while (p->nr_hot && lines_of(p) > room)
		p->nr_hot--;
	return lines_of(p) > 1 && lines_of(p) <= room;
}

/* ---- drawing ---- */

static void show_hot(const struct panes *p, const struct live_hot *h, int y)
{
	const struct human figures[] = {human_time(h->self_s), human_time(h->off_s), human_share(h->self_s / p->whole_s)};
	struct live_line all;
	size_t i;

	if (!live_line_begin(&all))
		return;
	for (i = 0; i < 3; i++)
		display_cell(all.file, figures[i].text, FIGURE, DISPLAY_RIGHT);
	fprintf(all.file, "  %s", h->function->function);
	if (h->function->file)
		fprintf(all.file, " (%s)", strrchr(h->function->file, '/') ? strrchr(h->function->file, '/') + 1 : h->function->file);
	fprintf(all.file, " in %s", h->section);
	live_line_draw_shortened(&all, y);
}

static void show_hot_titles(int y)
{
	struct live_line all;

	if (!live_line_begin(&all))
		return;
	fprintf(all.file, "%*s%*s%*s  hot functions, by the time in themselves; wait: the part of it not running", FIGURE, "self", FIGURE,
		"wait", FIGURE, "share");
	live_line_draw_shortened(&all, y);
}

static void show_memory(const struct dcbs_report *r, int y)
{
	double start = unknown_to_nan(r->rss_start_bytes), now = unknown_to_nan(r->rss_end_bytes);
	const struct dcbs_section *s, *most = NULL;
	struct live_line all;

	if (!live_line_begin(&all))
		return;
	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (unknown_to_nan(s->self_memory.rss_delta_bytes) > 0 &&
		    (!most || s->self_memory.rss_delta_bytes > most->self_memory.rss_delta_bytes))
			most = s;
	fprintf(all.file, "memory: RSS %s, %s since the start, peak %s", human_size(now).text, human_growth(now - start).text,
		human_size(unknown_to_nan(r->rss_peak_bytes)).text);
	if (most)
		fprintf(all.file, "; most growth in %s: %s", most->name, human_growth((double)most->self_memory.rss_delta_bytes).text);
	live_line_draw_shortened(&all, y);
}

/* An estimate stands with its error. */
static void add_estimate(FILE *file, const char *words, double s, double error_s)
{
	fprintf(file, "%s %s", words, human_time(s).text);
	if (error_s > 0)
		fprintf(file, " ± %s", human_time(error_s).text);
}

static void show_gpu(const struct dcbs_section *s, int y)
{
	struct live_line all;

	if (!live_line_begin(&all))
		return;
	fprintf(all.file, "GPU: %s", s->name);
	add_estimate(all.file, ": in the driver", s->gpu.driver_s, s->gpu.driver_error_s);
	add_estimate(all.file, ", waiting for the GPU", s->gpu.wait_s, s->gpu.wait_error_s);
	if (s->gpu_calls.syncs > 0)
		fprintf(all.file, ", %s waits", human_exact(s->gpu_calls.syncs).text);
	live_line_draw_shortened(&all, y);
}

static void show_panes(const struct panes *p, int y)
{
	size_t i;

	y++;	/* an empty line */
	if (p->nr_hot)
		show_hot_titles(y++);
	for (i = 0; i < p->nr_hot; i++)
		show_hot(p, &p->hot[i], y++);
	if (p->memory)
		show_memory(p->report, y++);
	for (i = 0; i < p->nr_gpu; i++)
		show_gpu(p->gpu[i], y++);
}

int live_panes_show(const struct dcbs_report *r, int head, int end)
{
	struct panes p = {.report = r, .memory = r->rss_end_bytes != DCBS_UNKNOWN};
	int rows = (int)(r->nr_sections < (size_t)LINES ? r->nr_sections : (size_t)LINES), room = end - head;

	if (LINES < LEAST_LINES || COLS < LEAST_COLUMNS)
		return end;
	p.nr_hot = live_hot_find(p.hot, MOST_HOT, r, &p.whole_s);
	find_gpu_sections(&p);
	if (!fit_panes(&p, room - rows > room / 2 ? room - rows : room / 2))
		return end;
	show_panes(&p, end - lines_of(&p));
	return end - lines_of(&p);
}
