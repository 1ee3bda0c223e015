// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * markdown.c - the report as Markdown for a pull request or a summary of CI: the answer, the sections and the verdicts.
 *
 * Its length is bounded, whatever the session holds. Names of targets are escaped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/brief/shorten.h"
#include "render/cause.h"
#include "render/format.h"
#include "render/markup.h"
#include "render/text/part_lines.h"
#include "render/text/text_parts.h"

#define MOST_NAME 80		/* bytes, as the next one */
#define MOST_SENTENCE 300
#define MOST_ROWS 20
#define MOST_VERDICTS 5
#define MOST_NOTES 3
#define MOST_PART_BYTES 2048	/* of the table, and of each list: what goes beyond is left out */
#define DEEPEST 8		/* deeper sections are not indented more */

static void write_words(FILE *file, const char *words, size_t most)
{
	char *cut = shorten(words, most);

	markup_markdown(file, cut ? cut : "?");
	free(cut);
}

/* ---- the answer ---- */

static void answer_part(const struct text *t)
{
	text_answer(t, PART_LINES_LABEL);
}

static void answer_line(FILE *file, const char *words)
{
	if (strlen(words) <= PART_LINES_LABEL)
		return;
	fprintf(file, "* **%.*s**: ", part_lines_label(words), words);
	write_words(file, words + PART_LINES_LABEL, MOST_SENTENCE);
	fputc('\n', file);
}

/* ---- bounded lists ---- */

/* One element of a list, written apart: it is kept as a whole or left out. */
struct bounded_list {
	FILE *file;
	size_t bytes, most;	/* of the list */
	size_t rows, most_rows;
	size_t left_out;
};

static void add_row(struct bounded_list *list, void (*row)(FILE *to, const void *item), const void *item)
{
	char *words = NULL;
	size_t len = 0;
	FILE *to = list->rows < list->most_rows ? open_memstream(&words, &len) : NULL;

	if (to)
		row(to, item);
	if (!to || fclose(to) || list->bytes + len > list->most) {
		list->left_out++;
	} else {
		fputs(words, list->file);
		list->bytes += len;
		list->rows++;
	}
	free(words);
}

static void write_left_out(const struct bounded_list *list, const char *what)
{
	if (list->left_out)
		fprintf(list->file, "\n%s more %s%s.\n", human_exact((int64_t)list->left_out).text, what, list->left_out > 1 ? "s" : "");
}

/* ---- sections ---- */

static void section_row(FILE *to, const void *item)
{
	const struct section_tree_node *node = item;
	const struct dcbs_section *s = node->section;
	int i;

	fputs("| ", to);
	for (i = 0; i < node->depth && i < DEEPEST; i++)
		fputs("&emsp;", to);
	write_words(to, s->name, MOST_NAME);
	fprintf(to, " | %s | %s | ", human_time_within(s->total_s, s->error_s).text, human_time_within(s->self_s, s->error_s).text);
	fprintf(to, "%s | %s | ", human_exact(s->count).text, human_time(s->mean_s).text);
	fprintf(to, "%s | ", human_time(s->p99_s).text);
	cause_in_words(to, &s->wall);
	fputs(" |\n", to);
}

static void write_sections(FILE *file, const struct text *t)
{
	struct bounded_list list = {.file = file, .most = MOST_PART_BYTES, .most_rows = MOST_ROWS};
	size_t i;

	if (t->tree.nr)
		fputs("\n| section | total | self | calls | mean | p99 | why |\n|---|---:|---:|---:|---:|---:|---|\n", file);
	for (i = 0; i < t->tree.nr; i++)
		add_row(&list, section_row, &t->tree.nodes[i]);
	write_left_out(&list, "section");
}

/* ---- verdicts and notes ---- */

static void verdict_row(FILE *to, const void *item)
{
	const struct dcbs_bottleneck *b = item;

	fputs("* **", to);
	write_words(to, b->section, MOST_NAME);
	fprintf(to, "**, %s: ", human_time(b->total_s).text);
	write_words(to, b->evidence ?: cause_word(b->cause) ?: "the cause is unknown", MOST_SENTENCE);
	if (b->suggestion) {
		fputs(". To do: ", to);
		write_words(to, b->suggestion, MOST_SENTENCE);
	}
	fputc('\n', to);
}

static void note_row(FILE *to, const void *item)
{
	fputs("* note: ", to);
	write_words(to, *(char *const *)item, MOST_SENTENCE);
	fputc('\n', to);
}

static void write_lists(FILE *file, const struct dcbs_report *r)
{
	struct bounded_list verdicts = {.file = file, .most = MOST_PART_BYTES, .most_rows = MOST_VERDICTS};
	struct bounded_list notes = {.file = file, .most = MOST_PART_BYTES, .most_rows = MOST_NOTES};
	size_t i;

	fputs(r->nr_bottlenecks ? "\nBottlenecks:\n\n" : "", file);
	for (i = 0; i < r->nr_bottlenecks; i++)
		add_row(&verdicts, verdict_row, &r->bottlenecks[i]);
	write_left_out(&verdicts, "bottleneck");
	fputs(r->nr_notes ? "\n" : "", file);
	for (i = 0; i < r->nr_notes; i++)
		add_row(&notes, note_row, &r->notes[i]);
	write_left_out(&notes, "note");
}

static void write_subject(FILE *file, const struct dcbs_report *r)
{
	fputc('\n', file);
	if (r->nr_targets)
		write_words(file, r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm, MOST_SENTENCE);
	if (r->nr_targets > 1)
		fprintf(file, " and %s more", human_exact((int64_t)r->nr_targets - 1).text);
	fprintf(file, "%s%s profiled by dcbs-bpfprof ", r->nr_targets ? ", " : "", human_time(r->duration_s).text);
	write_words(file, r->version, MOST_NAME);
	if (r->host.name) {
		fputs(" on ", file);
		write_words(file, r->host.name, MOST_NAME);
	}
	fputc('\n', file);
}

int markdown_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct text t = {.report = report, .width = PART_LINES_WIDTH, .whole_names = true};
	int err;

	if (!section_tree_build(&t.tree, report, options->flat))
		return -ENOMEM;
	t.verdict = text_answer_verdict(&t);
	err = part_lines_write(file, &t, answer_part, answer_line);
	if (!err) {
		write_sections(file, &t);
		write_lists(file, report);
		write_subject(file, report);
	}
	section_tree_free(&t.tree);
	return err;
}
