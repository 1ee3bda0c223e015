/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* static_parts.h - the parts of the page that need no script: the answer, the verdicts, and the whole report as text. */
#ifndef RENDER_HTML_STATIC_PARTS_H
#define RENDER_HTML_STATIC_PARTS_H

#include "render/format.h"

/* Returns 0 or -ENOMEM. */
int static_parts_write(FILE *file, const struct dcbs_report *report);

/* The first MOST_TEXT_BYTES of the report for people. Returns 0 or a negative errno. */
int static_parts_write_text(FILE *file, const struct dcbs_report *report, const struct render_options *options);

#endif
