// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* python_match.c - matches a Python function against the name that the user gave for it. */
#include <stddef.h>
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

/*
 * Before Python 3.11 a code object has only the last part of the qualname. The classes between it and the module are
 * unknown then, so the module may be all that stands before the function, or that without its last part.
 */
bool python_match_function(const char *wanted, const char *function, const char *file)
{
	size_t n = strlen(wanted), len = function ? strlen(function) : 0;

	if (!len || !ends_with(wanted, n, function))
		return false;
	if (n == len)
		return true;
	n -= len;
	if (wanted[--n] != '.' || !file)
		return false;
	if (is_module(wanted, n, file))
		return true;
	if (strchr(function, '.'))
		return false;
	while (n && wanted[n - 1] != '.')
		n--;
	return n && is_module(wanted, n - 1, file);
}
