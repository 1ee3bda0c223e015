/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* render.h - the table of output formats, and the function that writes a report in one of them. */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "render/format.h"

/* Ends with a row whose name is NULL. */
extern const struct render_format render_formats[];

/* Both return NULL if there is no such format. The longest suffix that matches counts: .speedscope.json is not .json. */
const struct render_format *render_by_name(const char *name);
const struct render_format *render_by_suffix(const char *path);

/* Writes and flushes. Returns 0, or a negative errno of the writer or of the file. */
int render_write(const struct render_format *format, FILE *file, const struct dcbs_report *report,
		 const struct render_options *options);

#endif
