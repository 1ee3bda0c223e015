// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * html.c - the report as one page, which a browser opens without any other file.
 *
 * The page holds its answer as HTML and the session as the JSON document; its script (page/) draws the rest. It makes no request:
 * its policy allows no source but its own script and style, by their hashes, so that nothing that a target wrote can be run.
 */
#include <errno.h>

#include "page.hash.h"
#include "render/format.h"
#include "render/html/cut.h"
#include "render/html/embed.h"
#include "render/html/static_parts.h"
#include "render/markup.h"

static const char style[] =
#include "page.css.h"
;
static const char script[] =
#include "page.js.h"
;

static const char *command_of(const struct dcbs_report *r)
{
	if (!r->nr_targets)
		return "no process";
	return r->targets[0].command[0] ? r->targets[0].command : r->targets[0].comm;
}

static void write_page_head(FILE *file, const struct dcbs_report *r)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '" PAGE_SCRIPT_HASH "'; "
	      "style-src '" PAGE_STYLE_HASH "'; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>", file);
	markup_text(file, command_of(r));
	fprintf(file, " - dcbs-bpfprof</title>\n<style>%s</style>\n</head>\n", style);
}

static void write_page_top(FILE *file, const struct dcbs_report *r)
{
	fputs("<body>\n<header><h1>", file);
	markup_text(file, command_of(r));
	fputs("</h1><p id=\"window\"></p><div id=\"tools\"></div>\n"
	      "<noscript><p>Charts and tables need scripts. The answer, and the report as text, are below.</p></noscript></header>\n"
	      "<main id=\"page\">\n", file);
}

/* The script reads the session from an element of its own: a block of data, which no browser runs. */
static int write_session(FILE *file, const struct dcbs_report *r, const struct render_options *options)
{
	FILE *to;
	int err;

	fputs("<script type=\"application/json\" id=\"session\">\n", file);
	to = embed_open(file);
	err = to ? json_write(to, r, options) : -ENOMEM;
	if (to && fclose(to) && !err)
		err = errno ? -errno : -EIO;
	fputs("</script>\n", file);
	return err;
}

static void write_left_out(FILE *file, const struct cut_counts *c)
{
	fprintf(file, "<script type=\"application/json\" id=\"left-out\">{\"processes\": %zu, \"sections\": %zu, \"bottlenecks\": %zu, "
		"\"functions\": %zu, \"operators\": %zu, \"stacks\": %zu, \"stacks_s\": %.9g, \"caches\": %zu, \"threads\": %zu, "
		"\"event_loops\": %zu, \"notes\": %zu}</script>\n", c->targets, c->sections, c->bottlenecks, c->functions,
		c->operators, c->stacks, c->stacks_s, c->caches, c->threads, c->event_loops, c->notes);
}

int html_write(FILE *file, const struct dcbs_report *report, const struct render_options *options)
{
	struct cut_report cut;
	int err = cut_report_make(&cut, report);

	if (!err) {
		write_page_head(file, report);
		write_page_top(file, report);
		err = static_parts_write(file, report);
	}
	if (!err)
		err = static_parts_write_text(file, report, options);
	if (!err) {
		fputs("</main>\n", file);
		err = write_session(file, &cut.report, options);
		write_left_out(file, &cut.left_out);
		fprintf(file, "<script>%s</script>\n</body>\n</html>\n", script);
	}
	cut_report_free(&cut);
	return err;
}
