/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* reductions.h - the lines of overhead.reduced: what was reduced to keep the cost within its limit, and what that means. */
#ifndef COLLECT_OVERHEAD_REDUCTIONS_H
#define COLLECT_OVERHEAD_REDUCTIONS_H

#include "collect/state.h"

/* Reports a reduction with the time and the cost of the lever, once: later steps of the same kind are no news. */
void reductions_report(struct session *session, enum lever lever, const char *text);

#endif
