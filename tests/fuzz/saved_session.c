// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* saved_session.c - a saved session that anyone may have written: read, shown in every format, and compared. */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/merge.h"
#include "compare/compare.h"
#include "dcbs/profiler.h"
#include "render/comparison_format.h"
#include "render/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No control character may reach a terminal, whatever names and notes hold. */
static void check(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7f)
			abort();
}

static void show(const struct dcbs_report *report, const struct render_format *format, int order)
{
	const struct render_options options = {
		.width = order ? 40 + 40 * order : 0, .order = (enum order_key)order, .flat = order == 1, .verbose = order & 1,
	};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	render_write(format, f, report, &options);
	if (!fclose(f) && format->write == text_write)
		check(text, size);
	free(text);
}

static void show_comparison(const struct comparison *c, const char *format, bool verbose)
{
	const struct comparison_view view = {.verbose = verbose};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	comparison_write(comparison_format_by_name(format), f, c, &view);
	if (!fclose(f) && (!strcmp(format, "text") || !strcmp(format, "md")))
		check(text, size);
	free(text);
}

/* With itself, as if it were several sessions on each side. */
static void compare(struct dcbs_report *report, size_t nr)
{
	static const char *const formats[] = {"text", "json", "csv", "md", "junit", "html"}, *const files[] = {"a", "b", "c", "d"};
	struct dcbs_report *reports[] = {report, report, report, report};
	const struct comparison_side side = {files, reports, nr};
	struct comparison_options options = {.confidence = 0.95, .nr_metrics = 3, .nr_limits = 1, .force = true};
	struct comparison *c;
	size_t i;

	options.metrics[1].kind = METRIC_WAIT;
	options.metrics[2].kind = METRIC_RSS;
	if (limit_parse(&options.limits[0], "rss>+1MiB"))
		abort();
	if (compare_sessions(&c, &options, &side, &side))
		return;
	for (i = 0; i < 6; i++)
		show_comparison(c, formats[i], nr > 1);
	compare_free(c);
}

/* With a session of the same content that began at another time. */
static void merge(struct dcbs_report *report, const char *path)
{
	static const char *const names[] = {"a", "b"};
	struct dcbs_report *reports[] = {report, NULL}, *merged;
	const struct render_format *format;

	if (dcbs_report_load(&reports[1], path))
		return;
	reports[1]->started_at += 1;
	if (!merge_reports(&merged, reports, names, 2)) {
		for (format = render_formats; format->name; format++)
			show(merged, format, 1);
		dcbs_report_free(merged);
	}
	dcbs_report_free(reports[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	const struct render_format *format;
	struct dcbs_report *report;
	char path[64];

	if (file < 0)
		file = memfd_create("session", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (dcbs_report_load(&report, path))
		return 0;
	for (format = render_formats; format->name; format++)
		show(report, format, (int)(size % 6));
	compare(report, size % 2 ? 1 : 4);
	merge(report, path);
	dcbs_report_free(report);
	return 0;
}
