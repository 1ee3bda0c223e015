/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* recent_samples.h - when and on which thread the last samples were taken, so that a call can be given the stack of one in it. */
#ifndef COLLECT_SAMPLES_RECENT_SAMPLES_H
#define COLLECT_SAMPLES_RECENT_SAMPLES_H

#include <stddef.h>

#include <linux/types.h>

#define RECENT_SAMPLES 4096	/* a power of two */

struct recent_sample {
	__u64 at_ns;
	__u32 tid;
	__u32 stack;		/* its number in the table */
};

struct recent_samples {
	struct recent_sample *list;	/* a ring. NULL: none so far */
	size_t nr;			/* so far */
};

/* Without memory, the sample is not kept. */
void recent_samples_add(struct recent_samples *recent, __u64 at_ns, __u32 tid, __u32 stack);

/*
 * Returns 1 + the number of the last sample's stack of a thread from start_ns to end_ns for which fits(ctx, stack) is true;
 * 0: there is none.
 */
__u32 recent_samples_find(const struct recent_samples *recent, __u32 tid, __u64 start_ns, __u64 end_ns,
			  int (*fits)(const void *ctx, __u32 stack), const void *ctx);

void recent_samples_clear(struct recent_samples *recent);

#endif
