// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_junit.c - the limits of a comparison as a JUnit document: a test case for each, as CI servers show them. */
#include "render/comparison/comparison_words.h"
#include "render/comparison/comparison_writers.h"

static void write_xml(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			fputc(*text, file);
		}
}

static void write_case(FILE *file, const struct comparison *c, const struct comparison_limit *l)
{
	const char *element = l->state == LIMIT_EXCEEDED ? "failure" : "skipped";

	fputs("  <testcase classname=\"", file);
	write_xml(file, comparison_subject_name(l->subject));
	fputs("\" name=\"", file);
	write_xml(file, l->limit->text);
	if (l->state == LIMIT_KEPT) {
		fputs("\"/>\n", file);
		return;
	}
	fprintf(file, "\">\n    <%s message=\"", element);
	write_xml(file, comparison_limit_line(c, l).text);
	fputs("\"/>\n  </testcase>\n", file);
}

int comparison_junit(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	size_t i;

	(void)view;
	fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"dcbs-bpfprof diff\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
		c->nr_limits,
		c->nr_exceeded, c->nr_cannot_tell);
	for (i = 0; i < c->nr_limits; i++)
		write_case(file, c, &c->limits[i]);
	fputs("</testsuite>\n", file);
	return 0;
}
