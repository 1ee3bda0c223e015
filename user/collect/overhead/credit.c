// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* credit.c - what an event source may cost at once. */
#include <math.h>

#include "collect/overhead/credit.h"

#define SPAN_NS 1e9		/* the account holds the budget of that long */
#define NEXT_LEAST_NS 5e6	/* between two looks */
#define NEXT_MOST_NS 50e6

void credit_begin(struct credit *credit, double share, double spent_ns, __u64 now)
{
	*credit = (struct credit){
		.saved_ns = share * SPAN_NS, .spent_ns = spent_ns, .looked_ns = now, .next_ns = now + (__u64)NEXT_LEAST_NS,
	};
}

bool credit_look(struct credit *credit, double share, double spent_ns, __u64 now)
{
	double elapsed_ns = (double)(now - credit->looked_ns), cost_ns = fmax(0, spent_ns - credit->spent_ns), lasts_ns;

	credit->rate = elapsed_ns > 0 ? cost_ns / elapsed_ns : credit->rate;
	credit->saved_ns = fmin(share * SPAN_NS, credit->saved_ns + share * elapsed_ns) - cost_ns;
	credit->spent_ns = spent_ns;
	credit->looked_ns = now;
	lasts_ns = credit->rate > 0 ? credit->saved_ns / credit->rate : NEXT_MOST_NS;
	credit->next_ns = now + (__u64)fmax(NEXT_LEAST_NS, fmin(NEXT_MOST_NS, lasts_ns));
	return credit->saved_ns < 0;
}
