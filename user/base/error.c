// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* error.c - the message of each thread's last error: one line without control characters, whatever names it contains. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dcbs/profiler.h"
#include "base/error.h"
#include "base/sanitize.h"

static __thread char message[1024] = "no error";

int fail(int err, const char *fmt, ...)
{
	char raw[1024], *clean;
	va_list args;

	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	clean = sanitize(raw, sizeof(raw));
	snprintf(message, sizeof(message), "%s", clean ? clean : "out of memory");
	free(clean);
	return err;
}

const char *dcbs_profiler_error(void)
{
	return message;
}
