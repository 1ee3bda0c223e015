/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* comparison_writers.h - one function for each format of a comparison. They return 0 or a negative errno. */
#ifndef RENDER_COMPARISON_COMPARISON_WRITERS_H
#define RENDER_COMPARISON_COMPARISON_WRITERS_H

#include <stdio.h>

#include "compare/comparison.h"
#include "render/comparison_view.h"

int comparison_text(FILE *file, const struct comparison *c, const struct comparison_view *view);
int comparison_json(FILE *file, const struct comparison *c, const struct comparison_view *view);
int comparison_csv(FILE *file, const struct comparison *c, const struct comparison_view *view);
int comparison_markdown(FILE *file, const struct comparison *c, const struct comparison_view *view);
int comparison_html(FILE *file, const struct comparison *c, const struct comparison_view *view);
int comparison_junit(FILE *file, const struct comparison *c, const struct comparison_view *view);

#endif
