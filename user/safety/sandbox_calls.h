/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sandbox_calls.h - the system calls of a profiler that is attached. */
#ifndef SAFETY_SANDBOX_CALLS_H
#define SAFETY_SANDBOX_CALLS_H

#include "safety/sandbox.h"

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_nr_calls;

#endif
