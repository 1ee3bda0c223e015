/* SPDX-License-Identifier: MIT */
/* vdso_clock.h - CLOCK_MONOTONIC in ns, read through the kernel's vDSO. */
#ifndef DCBS_MARKER_VDSO_CLOCK_H
#define DCBS_MARKER_VDSO_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "compiler.h"

/* The vDSO's clock_gettime() once it is found, the C library's until then; that wrapper costs 3 ns a section. */
extern HIDDEN int (*dcbs_vdso_clock)(clockid_t clock, struct timespec *ts);

HIDDEN void dcbs_vdso_clock_find(void);

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	dcbs_vdso_clock(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

#endif
