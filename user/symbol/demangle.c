// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* demangle.c - the C++ runtime's own demangler, by its C interface. */
#include <stddef.h>

#include "symbol/demangle.h"

extern char *__cxa_demangle(const char *mangled, char *output, size_t *length, int *status);

char *demangle(const char *symbol)
{
	int status;

	return __cxa_demangle(symbol, NULL, NULL, &status);
}
