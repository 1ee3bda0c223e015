// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* outermost.c - see outermost.h. */
#include <string.h>

#include "base/array.h"
#include "symbol/unwind/outermost.h"

/* In glibc, musl and Go. */
static const char *const beginnings[] = {
	"_start", "__libc_start_main", "__libc_start_call_main", "start_thread", "clone", "__clone", "clone3", "__clone3", "_start_c",
	"runtime.goexit", "runtime.goexit.abi0", "runtime.mstart",
};

bool outermost_by_name(const struct symbol *caller)
{
	size_t i;

	if (!caller->function)
		return caller->file && strstr(caller->file, "/libc.so.");
	for (i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (!strcmp(caller->function, beginnings[i]))
			return true;
	return false;
}
