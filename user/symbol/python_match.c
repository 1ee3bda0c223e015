// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* python_match.c - matches a Python function against the name that the user gave for it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/python_match.h"

static bool ends_with(const char *text, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n >= len && !memcmp(text + n - len, end, len);
}

/* Length of the path up to the end of the module's name: without .py and __init__. */
static size_t module_path_length(const char *file)
{
	size_t n = strlen(file);

	if (ends_with(file, n, ".py"))
		n -= 3;
	return ends_with(file, n, "/__init__") ? n - 9 : n;
}

/* Returns true if the path ends with the parts of the module's name, which has n bytes. */
static bool is_module(const char *module, size_t n, const char *file)
{
	size_t path = module_path_length(file);

	if (n == 8 && !memcmp(module, "__main__", 8))
		return true;
	if (n > path)
		return false;
	for (; n; n--, path--)
		if (file[path - 1] != module[n - 1] && !(file[path - 1] == '/' && module[n - 1] == '.'))
			return false;
	return !path || file[path - 1] == '/';
}

/* Returns true if the path ends with the parts of `end`, which has n bytes. */
static bool is_end_of_path(const char *end, size_t n, const char *path)
{
	size_t len = strlen(path);

	return n && n <= len && !memcmp(path + len - n, end, n) && (n == len || end[0] == '/' || path[len - n - 1] == '/');
}

/* Returns true if `wanted` is FILE:LINE. */
static bool is_place(const char *wanted, size_t *file_length, unsigned long *line)
{
	const char *colon = strrchr(wanted, ':');
	char *end;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	*line = strtoul(colon + 1, &end, 10);
	*file_length = (size_t)(colon - wanted);
	return !*end && *file_length;
}

static bool is_in_head(const struct symbol *f, unsigned long line)
{
	return f->first_line && (line == f->first_line || (line > f->first_line && line < f->body_line));
}

enum python_match python_match(const char *wanted, const struct symbol *f)
{
	size_t n = strlen(wanted), len = f->function ? strlen(f->function) : 0, file_length;
	unsigned long line;

	if (is_place(wanted, &file_length, &line))
		return f->file && is_end_of_path(wanted, file_length, f->file) && is_in_head(f, line) ? PYTHON_MATCH_YES : PYTHON_MATCH_NO;
	if (!len || !ends_with(wanted, n, f->function))
		return PYTHON_MATCH_NO;
	if (n == len)
		return PYTHON_MATCH_YES;
	n -= len;
	if (wanted[--n] != '.')
		return PYTHON_MATCH_NO;
	if (f->file && is_module(wanted, n, f->file))
		return PYTHON_MATCH_YES;
	return f->bare ? PYTHON_MATCH_PERHAPS : PYTHON_MATCH_NO;
}
