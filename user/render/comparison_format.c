// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_format.c - the formats of a comparison. */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "render/comparison/comparison_writers.h"
#include "render/comparison_format.h"
#include "render/utf8_locale.h"

static const struct comparison_format formats[] = {
	{"text", comparison_text}, {"json", comparison_json}, {"csv", comparison_csv}, {"md", comparison_markdown},
	{"junit", comparison_junit}, {"html", comparison_html},
};

const struct comparison_format *comparison_format_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const char *comparison_format_names(void)
{
	return "text, json, csv, md, junit, html";
}

int comparison_write(const struct comparison_format *format, FILE *file, const struct comparison *c,
		     const struct comparison_view *view)
{
	locale_t before = utf8_locale_begin();
	int err;

	errno = 0;
	err = format->write(file, c, view);
	if (!err && (fflush(file) || ferror(file)))
		err = errno ? -errno : -EIO;
	utf8_locale_end(before);
	return err;
}
