// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* static_parts.c - see static_parts.h. The sentences are those of the report for people: its parts write them, one a line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/html/static_parts.h"
#include "render/markup.h"
#include "render/text/part_lines.h"
#include "render/text/text_parts.h"

#define MOST_TEXT_BYTES (256 << 10)
#define MOST_SENTENCE 4000	/* bytes: names in it may be long */

/* ---- lines ---- */

static void write_sentence(FILE *file, const char *words)
{
	char *beginning = strndup(words, MOST_SENTENCE);
	size_t len = beginning ? strlen(beginning) : 0;
	bool is_cut = len < strlen(words);

	while (is_cut && len && (words[len] & 0xc0) == 0x80)	/* inside a character */
		len--;
	if (beginning)
		beginning[len] = 0;
	markup_text(file, beginning ? beginning : "?");
	fputs(is_cut ? "\342\200\246" : "", file);
	free(beginning);
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
	fprintf(file, "<div><dt>%.*s</dt><dd>", part_lines_label(words), words);
	write_sentence(file, words + PART_LINES_LABEL);
	fputs("</dd></div>\n", file);
}

/* ---- verdicts ---- */

/* The heading is the page's own. */
static void verdict_line(FILE *file, const char *words)
{
	if (!strcmp(words, "BOTTLENECKS") || !*words)
		return;
	if (part_lines_is_title(words)) {
		fputs("<p class=\"verdict\">", file);
		words += strspn(words, " ");
	} else {
		words += strspn(words, " ");
		fputs(strncmp(words, "What to do: ", strlen("What to do: ")) ? "<p class=\"reason\">" : "<p class=\"advice\">", file);
	}
	write_sentence(file, words);
	fputs("</p>\n", file);
}

/* ---- both ---- */

int static_parts_write(FILE *file, const struct dcbs_report *report)
{
	struct text t = {.report = report, .width = PART_LINES_WIDTH, .whole_names = true, .verbose = true};
	int err;

	if (!section_tree_build(&t.tree, report, false))
		return -ENOMEM;
	t.verdict = text_answer_verdict(&t);
	fputs("<section id=\"answer\"><h2>Answer</h2>\n<dl>\n", file);
	err = part_lines_write(file, &t, answer_part, answer_line);
	fputs("</dl></section>\n<section id=\"verdicts\"><h2>Bottlenecks</h2>\n", file);
	err = part_lines_write(file, &t, text_verdicts, verdict_line) ?: err;
	fputs("</section>\n", file);
	section_tree_free(&t.tree);
	return err;
}

/* ---- the whole report ---- */

static void text_line(FILE *file, const char *words)
{
	markup_text(file, words);
	fputc('\n', file);
}

static void write_beginning(FILE *file, char *text, size_t len)
{
	size_t left = len > MOST_TEXT_BYTES ? len - MOST_TEXT_BYTES : 0;

	for (len -= left; left && len && text[len - 1] != '\n'; len--)
		;
	if (left)
		text[len] = 0;
	part_lines_each(file, text, text_line);
	if (left)
		fputs("(the rest is left out: the JSON document has all of it)\n", file);
}

int static_parts_write_text(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	const struct render_options plain = {.order = options->order, .verbose = options->verbose};
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	int err = to ? text_write(to, report, &plain) : -ENOMEM;

	if (to && fclose(to))
		err = -ENOMEM;
	if (!err) {
		fputs("<details id=\"text\" open><summary>The report as text</summary>\n<pre>", file);
		write_beginning(file, text, len);
		fputs("</pre></details>\n", file);
	}
	free(text);
	return err;
}
