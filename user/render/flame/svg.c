// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * svg.c - a flame graph in one file, which a browser opens without any other file.
 *
 * The top row is the whole time, below it are the sections side by side, below each section its functions from the outermost
 * one on, and beside these the sections in it. Positions and widths are percentages of the picture's width, so that it fills any
 * window. Each frame is an <svg> element of its own, whose edge cuts off text that is too long.
 *
 * Names come from the target and may hold anything: they are escaped here, and the script handles them as text only.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/human.h"
#include "render/flame/flame.h"
#include "render/flame/flame_lines.h"
#include "render/format.h"
#include "render/markup.h"

#define ROW 18		/* pixels */
#define HEAD 146
#define CONTROLS 56	/* where the search box and the details of a frame begin */
#define FOOT 10
#define LEAST 0.01	/* percent of the width: narrower frames and the frames below them are left out */
#define MOST 15000	/* frames: browsers are slow with more, so more of the narrow ones are left out */
#define TEXT_LEAST 2.0	/* percent: wider frames have a text even before the script runs */

static const char style[] =
#include "svg.css.h"
;
static const char script[] =
#include "svg.js.h"
;

struct picture {
	FILE *file;
	const struct dcbs_report *report;
	const struct flame *flame;
	struct flame_lines lines;
	double *next;		/* by depth: position of the next frame, percent */
	double least;		/* narrowest frame that is drawn, percent */
};

static const char *const classes[] = {
	[FLAME_SECTION] = "s", [FLAME_PYTHON] = "p", [FLAME_NATIVE] = "n", [FLAME_WAITING] = "w", [FLAME_UNKNOWN] = "u",
};

/* ---- frames ---- */

static double share_of(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double time_of(const struct flame_node *node)
{
	return node->cpu_s + node->off_s;
}

/* Rounds halves up when printed, so that the digits that a saved session leaves out do not matter. */
static double nudge_up(double value)
{
	return value + 1e-10;
}

/* The line with most of the section's time is that of the function anywhere in the section, not of this frame alone. */
static void write_hottest_line(const struct picture *p, const char *section, const struct dcbs_frame *frame)
{
	const struct dcbs_line *line = flame_lines_hottest(&p->lines, section, frame);

	if (!line)
		return;
	fprintf(p->file, "\nhottest line in ");
	markup_text(p->file, section);
	fprintf(p->file, ": %lld", (long long)line->line);
	if (line->samples > 0)
		fprintf(p->file, " (%s samples)", human_exact(line->samples).text);
}

static void write_place(const struct picture *p, const char *section, const struct dcbs_frame *frame)
{
	if (!frame || !frame->file)
		return;
	fputc('\n', p->file);
	markup_text(p->file, frame->file);
	if (frame->line != DCBS_UNKNOWN)
		fprintf(p->file, ":%lld", (long long)frame->line);
	write_hottest_line(p, section, frame);
}

/* A section's share is of the section around it. The root is FLAME_NONE. */
static uint32_t whole_of(const struct flame *f, uint32_t node)
{
	uint32_t section = flame_section(f, node);

	return section == node ? f->nodes[node].parent : section;
}

/* The exact numbers. The first line is the name, which the script searches. */
static void write_title(const struct picture *p, uint32_t at)
{
	const struct flame *f = p->flame;
	const struct flame_node *node = &f->nodes[at];
	uint32_t whole = whole_of(f, at);

	fputs("<title>", p->file);
	markup_text(p->file, f->names[node->name].text);
	if (whole != FLAME_NONE)
		write_place(p, f->names[f->nodes[whole].name].text, f->names[node->name].frame);
	fprintf(p->file, "\n%.6f s: %.2f%% of all", nudge_up(time_of(node)), nudge_up(100 * share_of(time_of(node), f->total_s)));
	if (whole != FLAME_NONE) {
		fprintf(p->file, ", %.2f%% of ", nudge_up(100 * share_of(time_of(node), time_of(&f->nodes[whole]))));
		markup_text(p->file, f->names[f->nodes[whole].name].text);
	}
	fprintf(p->file, "\n%.6f s running (%s samples), %.6f s waiting</title>", nudge_up(node->cpu_s),
		human_exact(node->samples).text, nudge_up(node->off_s));
}

static void write_frame(const struct picture *p, uint32_t at, double x, double width)
{
	const struct flame_node *node = &p->flame->nodes[at];
	const struct flame_name *name = &p->flame->names[node->name];

	fprintf(p->file, "<svg class=\"f %s%s\" x=\"%.5f%%\" y=\"%u\" width=\"%.5f%%\" height=\"%d\">", classes[name->kind],
		node->name % 2 ? " o" : "", x, HEAD + (node->depth + 1) * ROW, width, ROW);
	write_title(p, at);
	fputs("<rect width=\"100%\" height=\"100%\"/>", p->file);
	if (width >= TEXT_LEAST) {
		fputs("<text x=\"3\" y=\"13\">", p->file);
		markup_text(p->file, name->text);
		fputs("</text>", p->file);
	}
	fputs("</svg>\n", p->file);
}

static double width_of(const struct flame *f, size_t node)
{
	return share_of(time_of(&f->nodes[node]), f->total_s) * 100;
}

static double least_width(const struct flame *f)
{
	double least = LEAST;
	size_t i, nr;

	for (;; least *= 2) {
		for (i = nr = 0; i < f->nr_nodes; i++)
			nr += width_of(f, i) >= least;
		if (nr <= MOST)
			return least;
	}
}

/* A frame that is left out keeps its space: the next frame of its row has the same position as if it were drawn. */
static size_t write_frames(const struct picture *p)
{
	const struct flame_node *node;
	size_t i, left = 0;
	double x, width;

	for (i = 0; i < p->flame->nr_nodes; i++) {
		node = &p->flame->nodes[i];
		width = width_of(p->flame, i);
		x = p->next[node->depth];
		p->next[node->depth] += width;
		p->next[node->depth + 1] = x;
		if (width >= p->least)
			write_frame(p, (uint32_t)i, x, width);
		else
			left++;
	}
	return left;
}

static void write_top_frame(const struct picture *p)
{
	fprintf(p->file, "<svg class=\"f a\" x=\"0%%\" y=\"%d\" width=\"100%%\" height=\"%d\"><title>all sections\n"
		"%.6f s, %s samples</title><rect width=\"100%%\" height=\"100%%\"/><text x=\"3\" y=\"13\">all sections</text>"
		"</svg>\n", HEAD, ROW, nudge_up(p->flame->total_s), human_exact(p->flame->samples).text);
}

/* ---- head, legend, controls ---- */

static void write_color_legend(FILE *file)
{
	static const struct { const char *class, *word; } words[] = {
		{"s", "section"}, {"p", "Python"}, {"n", "native"}, {"w", "waiting"}, {"u", "unknown"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		fprintf(file, "<g class=\"%s\"><rect x=\"%zu\" y=\"37\" width=\"12\" height=\"12\"/></g>"
			"<text x=\"%zu\" y=\"47\">%s</text>\n",
			words[i].class, 10 + i * 86, 26 + i * 86, words[i].word);
}

/* In a narrow window these wrap; the details of a frame have three lines. */
static void write_controls(FILE *file)
{
	fprintf(file, "<foreignObject x=\"10\" y=\"%d\" width=\"97%%\" height=\"%d\"><div xmlns=\"http://www.w3.org/1999/xhtml\">"
		"<input id=\"search\" type=\"search\" placeholder=\"search\" aria-label=\"search\"/> "
		"<button id=\"reset\" type=\"button\">reset</button> <span id=\"found\"></span><p id=\"details\"></p></div>"
		"</foreignObject>\n", CONTROLS, HEAD - CONTROLS - 4);
}

static void write_no_samples(FILE *file)
{
	fprintf(file, "<text class=\"d\" x=\"10\" y=\"%d\">There are no samples of the stack in this session.</text>\n", CONTROLS + 16);
}

static void write_picture_head(const struct picture *p)
{
	const struct dcbs_report *r = p->report;
	uint32_t height = HEAD + FOOT + (p->flame->depth + 1) * ROW;

	fprintf(p->file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"100%%\" height=\"%u\">\n<title>dcbs-bpfprof: where the time went</title>\n<style>\n%s</style>\n",
		height, style);
	fprintf(p->file, "<rect class=\"b\" width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"h\" x=\"10\" y=\"22\">"
		"%s of its threads in %s: ", human_time(p->flame->total_s).text, human_time(r->duration_s).text);
	if (r->nr_targets)
		markup_text(p->file, r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm);
	else
		markup_text(p->file, "dcbs-bpfprof");
	fputs("</text>\n", p->file);
	write_color_legend(p->file);
}

static void write_picture(const struct picture *p)
{
	size_t left = 0;

	write_picture_head(p);
	if (p->flame->nr_nodes) {
		write_controls(p->file);
		write_top_frame(p);
		left = write_frames(p);
	} else {
		write_no_samples(p->file);
	}
	if (left)
		fprintf(p->file, "<!-- %zu frames narrower than %g%% are left out -->\n", left, p->least);
	if (p->flame->nr_nodes)
		fprintf(p->file, "<script><![CDATA[\n%s]]></script>\n", script);
	fputs("</svg>\n", p->file);
}

int svg_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct flame flame;
	struct picture p = {.file = file, .report = report, .flame = &flame};
	int err = flame_build(&flame, report);

	(void)options;
	if (!err)
		p.next = calloc(flame.depth + 2, sizeof(*p.next));
	if (!p.next || flame_lines_open(&p.lines, report))
		err = -ENOMEM;
	if (!err) {
		p.least = least_width(&flame);
		write_picture(&p);
	}
	free(p.next);
	flame_lines_close(&p.lines);
	flame_free(&flame);
	return err;
}
