/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* planted.h - the section with the planted bottleneck: its account, the current call, and when the program ends. */
#ifndef TARGETS_PLANTED_H
#define TARGETS_PLANTED_H

#include "measured_call.h"

#define CALL_NS 20000000ULL
#define MIB (1ULL << 20)

static struct account account = ACCOUNT("");
static struct measured_call measured;
static uint64_t goal_ms = 1500;
static bool enough;		/* set by the last call */

static inline int complain(const char *what)
{
	perror(what);
	return -1;
}

#endif
