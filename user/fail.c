// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* fail.c - the last error of a thread, in words. */
#include <stdarg.h>
#include <stdio.h>

#include "dcbs/profiler.h"
#include "fail.h"

static __thread char message[1024] = "no error";

int fail(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return err;
}

const char *dcbs_profiler_error(void)
{
	return message;
}
