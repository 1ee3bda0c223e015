// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * svg.c - a flame graph in one file, which a browser opens without any other file.
 *
 * The top row is the whole time, below it are the sections side by side, below each section its functions from the outermost
 * one on. Positions and widths are percentages of the picture's width, so that it fills any window. Each frame is an <svg>
 * element of its own, whose edge cuts off text that is too long.
 *
 * Names come from the target and may hold anything: they are escaped here, and the script handles them as text only.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/human.h"
#include "render/flame/flame.h"
#include "render/format.h"
#include "render/markup.h"

#define ROW 18		/* pixels */
#define HEAD 84
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

static const struct flame_node *section_of(const struct flame *f, const struct flame_node *node)
{
	while (node->parent != FLAME_NONE)
		node = &f->nodes[node->parent];
	return node;
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

static void write_place(FILE *file, const struct dcbs_frame *frame)
{
	if (!frame || !frame->file)
		return;
	fputc('\n', file);
	markup_text(file, frame->file);
	if (frame->line != DCBS_UNKNOWN)
		fprintf(file, ":%lld", (long long)frame->line);
}

/* The exact numbers. The first line is the name, which the script searches. */
static void write_title(const struct picture *p, const struct flame_node *node)
{
	const struct flame_name *name = &p->flame->names[node->name];
	const struct flame_node *section = section_of(p->flame, node);

	fputs("<title>", p->file);
	markup_text(p->file, name->text);
	write_place(p->file, name->frame);
	fprintf(p->file, "\n%.6f s: %.2f%% of all", nudge_up(time_of(node)),
		nudge_up(100 * share_of(time_of(node), p->flame->total_s)));
	if (section != node) {
		fprintf(p->file, ", %.2f%% of ", nudge_up(100 * share_of(time_of(node), time_of(section))));
		markup_text(p->file, p->flame->names[section->name].text);
	}
	fprintf(p->file, "\n%.6f s running (%s samples), %.6f s waiting</title>", nudge_up(node->cpu_s),
		human_exact(node->samples).text, nudge_up(node->off_s));
}

static void write_frame(const struct picture *p, const struct flame_node *node, double x, double width)
{
	const struct flame_name *name = &p->flame->names[node->name];

	fprintf(p->file, "<svg class=\"f %s%s\" x=\"%.5f%%\" y=\"%u\" width=\"%.5f%%\" height=\"%d\">", classes[name->kind],
		node->name % 2 ? " o" : "", x, HEAD + (node->depth + 1) * ROW, width, ROW);
	write_title(p, node);
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
			write_frame(p, node, x, width);
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

static void write_controls(FILE *file)
{
	fputs("<foreignObject x=\"445\" y=\"31\" width=\"480\" height=\"26\"><div xmlns=\"http://www.w3.org/1999/xhtml\">"
	      "<input id=\"search\" type=\"search\" placeholder=\"search\" aria-label=\"search\"/> "
	      "<button id=\"reset\" type=\"button\">reset</button> <span id=\"found\"></span></div></foreignObject>\n", file);
}

static void write_picture_head(const struct picture *p)
{
	const struct dcbs_report *r = p->report;
	uint32_t height = HEAD + FOOT + (p->flame->depth + 1) * ROW;

	fprintf(p->file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
		"width=\"100%%\" height=\"%u\">\n<title>dcbs-bpfprof: where the time went</title>\n<style>\n%s</style>\n",
		height, style);
	fprintf(p->file, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text class=\"h\" x=\"10\" y=\"22\">"
		"%s of its threads in %s: ", human_time(p->flame->total_s).text, human_time(r->duration_s).text);
	if (r->nr_targets)
		markup_text(p->file, r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm);
	else
		markup_text(p->file, "dcbs-bpfprof");
	fputs("</text>\n", p->file);
	write_color_legend(p->file);
	write_controls(p->file);
	fprintf(p->file, "<text class=\"d\" id=\"details\" x=\"10\" y=\"72\">%s</text>\n",
		p->flame->nr_nodes ? "" : "There are no samples of the stack in this session.");
}

static void write_picture(const struct picture *p)
{
	size_t left = 0;

	write_picture_head(p);
	if (p->flame->nr_nodes) {
		write_top_frame(p);
		left = write_frames(p);
	}
	if (left)
		fprintf(p->file, "<!-- %zu frames narrower than %g%% are left out -->\n", left, p->least);
	fprintf(p->file, "<script><![CDATA[\n%s]]></script>\n</svg>\n", script);
}

int svg_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct flame flame;
	struct picture p = {.file = file, .report = report, .flame = &flame};
	int err = flame_build(&flame, report);

	(void)options;
	if (!err)
		p.next = calloc(flame.depth + 2, sizeof(*p.next));
	if (!p.next)
		err = -ENOMEM;
	if (!err) {
		p.least = least_width(&flame);
		write_picture(&p);
	}
	free(p.next);
	flame_free(&flame);
	return err;
}
