// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_words.c - the name and the place of a function, as the report shows them. */
#include <stdio.h>
#include <string.h>

#include "render/text/function_words.h"

const char *function_words_place(const struct dcbs_function *f, char *to, size_t size)
{
	int at;

	if (!f->file)
		return "";
	if (f->line == DCBS_UNKNOWN && !f->nr_lines)
		return strrchr(f->file, '/') ? strrchr(f->file, '/') + 1 : f->file;
	at = snprintf(to, size, "%.*s", (int)size - 64, f->file);
	if (f->line != DCBS_UNKNOWN)
		at += snprintf(to + at, size - (size_t)at, ":%lld", (long long)f->line);
	if (f->nr_lines && f->lines[0].line != f->line)
		snprintf(to + at, size - (size_t)at, " hot %lld", (long long)f->lines[0].line);
	return to;
}

const char *function_words_name(const struct dcbs_function *f, char *to, size_t size)
{
	const char *end = strrchr(f->function, ')'), *at = end;
	ptrdiff_t len;
	int depth = 0;

	if (f->python || !end || (end[1] && strcmp(end + 1, " const")))
		return f->function;
	do
		depth += (*at == ')') - (*at == '(');
	while (depth && at-- > f->function);
	if (at <= f->function)
		return f->function;
	len = at - f->function < (ptrdiff_t)size ? at - f->function : (ptrdiff_t)size - 1;
	snprintf(to, size, "%.*s", (int)len, f->function);
	return to;
}
