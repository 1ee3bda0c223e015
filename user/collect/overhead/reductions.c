// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* reductions.c - the lines of overhead.reduced. */
#include "base/clock.h"
#include "collect/overhead/reductions.h"

/* Reports each kind of reduction once, at its first step. */
void reductions_report(struct session *session, enum lever lever, const char *text)
{
	struct overhead *o = &session->overhead;

	if (!notes_mention(&o->reduced, text))
		notes_add(&o->reduced, "after %.1f s, at %.1f %% of a CPU: %s", (double)(clock_now_ns() - o->start_ns) * S_PER_NS,
			  100 * o->governor.share[lever], text);
}
