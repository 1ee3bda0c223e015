/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* comparison_format.h - the formats of a comparison. A new one is a file in render/comparison/ and one row in the table. */
#ifndef RENDER_COMPARISON_FORMAT_H
#define RENDER_COMPARISON_FORMAT_H

#include <stdio.h>

#include "compare/comparison.h"
#include "render/comparison_view.h"

struct comparison_format {
	const char *name;
	int (*write)(FILE *file, const struct comparison *c, const struct comparison_view *view);
};

/* NULL: there is no such format. */
const struct comparison_format *comparison_format_by_name(const char *name);

/* "text, json, ..." */
const char *comparison_format_names(void);

/* Writes and flushes. Returns 0, or a negative errno of the writer or of the file. */
int comparison_write(const struct comparison_format *format, FILE *file, const struct comparison *c,
		     const struct comparison_view *view);

#endif
