// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* render.c - the table of output formats, and a report as a string for users of the library. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/render.h"
#include "render/utf8_locale.h"

const struct render_format render_formats[] = {
	{"text", ".txt", "the report, for people", false, text_write},
	{"md", ".md", "the answer, the sections and the verdicts as Markdown, some KiB, for pull requests and CI", false, markdown_write},
	{"summary", ".summary.json", "the same as JSON of at most 4 KiB, for scripts and language models", false, summary_write},
	{"html", ".html", "the report as a page, for browsers: one file, no network", false, html_write},
	{"json", ".json", "the whole session, for scripts and for the command `report`", false, json_write},
	{"json.gz", ".json.gz", "the same, compressed with gzip; `report` and `diff` read it, too", false, json_gz_write},
	{"folded", ".folded", "stacks, one a line, in microseconds, for flamegraph.pl and its kin", true, folded_write},
	{"svg", ".svg", "a flame graph, for browsers", true, svg_write},
	{"speedscope", ".speedscope.json", "stacks, for https://www.speedscope.app", true, speedscope_write},
	{"pprof", ".pb.gz", "stacks, and growth of memory by section, for pprof and servers that read its format", true, pprof_write},
	{"prom", ".prom", "figures for Prometheus, for the textfile collector of node_exporter", false, prom_write},
	{"trace", ".trace.json", "the slowest calls, for https://ui.perfetto.dev and chrome://tracing", false, trace_write},
	{NULL, NULL, NULL, false, NULL},
};

const struct render_format *render_by_name(const char *name)
{
	const struct render_format *f;

	for (f = render_formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

const struct render_format *render_by_suffix(const char *path)
{
	const struct render_format *f, *found = NULL;
	size_t len = strlen(path), suffix, longest = 0;

	for (f = render_formats; f->name; f++) {
		suffix = strlen(f->suffix);
		if (suffix <= longest || len <= suffix || strcmp(path + len - suffix, f->suffix))
			continue;
		longest = suffix;
		found = f;
	}
	return found;
}

int render_write(const struct render_format *format, FILE *file, const struct dcbs_report *report,
		 const struct render_options *options)
{
	locale_t before = utf8_locale_begin();
	int err;

	errno = 0;
	err = format->write(file, report, options);
	assert(err <= 0);
	if (!err && (fflush(file) || ferror(file)))
		err = errno ? -errno : -EIO;
	utf8_locale_end(before);
	return err;
}

static char *write_to_string(const char *name, const struct dcbs_report *report, int width)
{
	struct render_options options = {.width = width};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int err;

	if (!f)
		return NULL;
	err = render_write(render_by_name(name), f, report, &options);
	if (fclose(f) || err) {
		free(text);
		return NULL;
	}
	return text;
}

char *dcbs_report_text(const struct dcbs_report *report, int width)
{
	return write_to_string("text", report, width);
}

char *dcbs_report_json(const struct dcbs_report *report)
{
	return write_to_string("json", report, 0);
}
