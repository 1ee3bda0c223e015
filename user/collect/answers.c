// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* answers.c - what it costs the targets to ask for their own figures. */
#include "collect/answers.h"
#include "collect/state.h"

#define FREE_NS 300000000ULL	/* the time that answers may take before it is limited */
#define SHARE 0.3		/* part of the budget that they may take besides: as much as a duty cycle, see levers.c */

__u64 answers_add(struct session *session, __u64 ns)
{
	struct answers *answers = &session->overhead.answers;
	double share = session->overhead.governor.budget * SHARE;

	answers->nr++;
	answers->ns += ns;
	answers->ever_ns += ns;
	if (answers->ever_ns <= FREE_NS)
		return session->overhead.start_ns;
	return session->overhead.start_ns + (__u64)((double)(answers->ever_ns - FREE_NS) / (share < 1 ? share : 1));
}

void answers_clear(struct session *session)
{
	session->overhead.answers.nr = session->overhead.answers.ns = 0;
}

void answers_copy(const struct session *session, struct snapshot *snap)
{
	snap->answers = session->overhead.answers.nr;
	snap->answers_ns = session->overhead.answers.ns;
}
