// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* tick_jitter.c - changes the period of ticks at random. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "base/array.h"
#include "base/clock.h"
#include "collect/kernel/tick_jitter.h"

#define TICKS 9				/* between two changes, at least */
#define EVERY_NS_PER_CPU 3000000ULL	/* between two changes, at least; a change takes some microseconds for each CPU */
#define OFTEN_NS 50000000ULL		/* changes that are due no more often than that are left to the session's polls */

int tick_jitter_add(struct tick_jitter *jitter, int fd, int hz)
{
	if (!array_reserve(jitter->ticks, jitter->nr, jitter->room, 1))
		return -ENOMEM;
	jitter->ticks[jitter->nr++] = (struct jittered_tick){.fd = fd};
	jitter->hz = hz;
	return 0;
}

__u64 tick_jitter_period_ns(const struct tick_jitter *jitter, __u32 random, __u64 interval_ns)
{
	double rate = 1 - jitter->spread + 2 * jitter->spread * random / 4294967296.0;

	return (__u64)(NS_PER_S / (jitter->hz * rate + 0.5 * NS_PER_S / (double)interval_ns));
}

/* Returns false if the kernel has no random numbers for us. */
static bool draw_number(struct jittered_tick *tick, bool second)
{
	if (second)
		tick->drawn = ~tick->drawn;
	else if (getrandom(&tick->drawn, sizeof(tick->drawn), GRND_NONBLOCK) != sizeof(tick->drawn))
		return false;
	return true;
}

static __u64 least_interval_ns(const struct tick_jitter *jitter)
{
	__u64 ticks_ns = TICKS * 1000000000ULL / (__u64)jitter->hz, cpus_ns = jitter->nr * EVERY_NS_PER_CPU;

	return ticks_ns > cpus_ns ? ticks_ns : cpus_ns;
}

__u64 tick_jitter_due_ns(const struct tick_jitter *jitter)
{
	__u64 least_ns = jitter->nr ? least_interval_ns(jitter) : OFTEN_NS;

	return least_ns < OFTEN_NS ? jitter->last_ns + least_ns : ~0ULL;
}

/* The time from one change to the next is that from the last one to now. An event whose period cannot be changed keeps the last one. */
void tick_jitter_poll(struct tick_jitter *jitter)
{
	__u64 now = clock_now_ns(), least_ns, interval_ns, period_ns;
	size_t i;

	if (!jitter->nr)
		return;
	least_ns = least_interval_ns(jitter);
	interval_ns = jitter->last_ns ? now - jitter->last_ns : least_ns;
	if (interval_ns < least_ns)
		return;
	for (i = 0; i < jitter->nr && draw_number(&jitter->ticks[i], jitter->second); i++) {
		period_ns = tick_jitter_period_ns(jitter, jitter->ticks[i].drawn, interval_ns);
		ioctl(jitter->ticks[i].fd, PERF_EVENT_IOC_PERIOD, &period_ns);
	}
	jitter->last_ns = now;
	jitter->second = !jitter->second;
}

void tick_jitter_close(struct tick_jitter *jitter)
{
	free(jitter->ticks);
	*jitter = (struct tick_jitter){0};
}
