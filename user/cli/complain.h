/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* complain.h - prints the last error as one line on standard error. */
#ifndef CLI_COMPLAIN_H
#define CLI_COMPLAIN_H

#include <stdio.h>

#include "dcbs/profiler.h"

/* Returns the exit status 1. */
static inline int complain(void)
{
	fprintf(stderr, "dcbs-bpfprof: %s\n", dcbs_profiler_error());
	return 1;
}

#endif
