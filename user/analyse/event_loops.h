/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* event_loops.h - how busy the event loops of the targets were, and which functions held them. */
#ifndef ANALYSE_EVENT_LOOPS_H
#define ANALYSE_EVENT_LOOPS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's event loops. Returns 0 or -ENOMEM. */
int event_loops_fill(struct dcbs_report *r, const struct snapshot *snap);

void event_loops_free(struct dcbs_report *r);

#endif
