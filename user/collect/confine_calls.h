/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* confine_calls.h - the system calls of a profiler that is attached. */
#ifndef COLLECT_CONFINE_CALLS_H
#define COLLECT_CONFINE_CALLS_H

#include "collect/confine.h"

extern const struct confine_call confine_calls[];
extern const size_t confine_nr_calls;

#endif
