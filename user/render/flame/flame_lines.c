// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* flame_lines.c - see flame_lines.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/flame/flame_lines.h"

/* NULL is a file of its own: the file is unknown. */
static int compare_files(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_line_owners(const void *a, const void *b)
{
	const struct dcbs_function *x = *(const struct dcbs_function *const *)a, *y = *(const struct dcbs_function *const *)b;

	return strcmp(x->section, y->section) ?: strcmp(x->function, y->function) ?: compare_files(x->file, y->file) ?:
	       (x->line > y->line) - (x->line < y->line);
}

int flame_lines_open(struct flame_lines *lines, const struct dcbs_report *r)
{
	size_t i;

	*lines = (struct flame_lines) {.functions = calloc(r->nr_functions + 1, sizeof(*lines->functions))};
	if (!lines->functions)
		return -ENOMEM;
	for (i = 0; i < r->nr_functions; i++)
		if (r->functions[i].nr_lines)
			lines->functions[lines->nr++] = &r->functions[i];
	qsort(lines->functions, lines->nr, sizeof(*lines->functions), compare_line_owners);
	return 0;
}

void flame_lines_close(struct flame_lines *lines)
{
	free(lines->functions);
}

const struct dcbs_line *flame_lines_hottest(const struct flame_lines *lines, const char *section, const struct dcbs_frame *frame)
{
	const struct dcbs_function wanted = {
		.section = (char *)section, .function = frame->function, .file = frame->file, .line = frame->first_line,
	};
	const struct dcbs_function *key = &wanted, *const *found;

	found = bsearch(&key, lines->functions, lines->nr, sizeof(*lines->functions), compare_line_owners);
	return found ? (*found)->lines : NULL;
}
