// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* recent_samples.c - see recent_samples.h. */
#include <stdlib.h>

#include "collect/samples/recent_samples.h"

void recent_samples_add(struct recent_samples *recent, __u64 at_ns, __u32 tid, __u32 stack)
{
	if (!recent->list)
		recent->list = calloc(RECENT_SAMPLES, sizeof(*recent->list));
	if (recent->list)
		recent->list[recent->nr++ % RECENT_SAMPLES] = (struct recent_sample){at_ns, tid, stack};
}

__u32 recent_samples_find(const struct recent_samples *recent, __u32 tid, __u64 start_ns, __u64 end_ns,
			  int (*fits)(const void *ctx, __u32 stack), const void *ctx)
{
	size_t i, nr = recent->nr < RECENT_SAMPLES ? recent->nr : RECENT_SAMPLES;

	for (i = 0; i < nr; i++) {
		const struct recent_sample *s = &recent->list[(recent->nr - 1 - i) % RECENT_SAMPLES];

		if (s->tid == tid && s->at_ns >= start_ns && s->at_ns <= end_ns && fits(ctx, s->stack))
			return s->stack + 1;
	}
	return 0;
}

void recent_samples_clear(struct recent_samples *recent)
{
	free(recent->list);
	*recent = (struct recent_samples){0};
}
