// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* tick_jitter.c - changes the period of the sampling ticks at random. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "base/array.h"
#include "base/clock.h"
#include "collect/kernel/tick_jitter.h"

#define EVERY_NS 90000000ULL		/* between two changes: a dozen ticks at 99 Hz */
#define EVERY_NS_PER_CPU 3000000ULL	/* at least; a change takes some microseconds for each CPU */
#define LEAST_RATE 0.4			/* of the mean frequency ... */
#define MOST_RATE 1.6			/* ... with all rates between them equally likely */

int tick_jitter_add(struct tick_jitter *jitter, int fd, int hz)
{
	if (!array_reserve(jitter->fds, jitter->nr, jitter->room, 1))
		return -ENOMEM;
	jitter->fds[jitter->nr++] = fd;
	jitter->hz = hz;
	return 0;
}

/* Returns false if the kernel has no random numbers for us. */
static bool draw_period(int hz, __u64 *period_ns)
{
	__u32 random;
	double rate;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return false;
	rate = LEAST_RATE + (MOST_RATE - LEAST_RATE) * random / 4294967296.0;
	*period_ns = (__u64)(NS_PER_S / (hz * rate));
	return true;
}

/* An event whose period cannot be changed keeps the last one. */
void tick_jitter_poll(struct tick_jitter *jitter)
{
	__u64 now = clock_now_ns(), period_ns, every_ns = jitter->nr * EVERY_NS_PER_CPU;
	size_t i;

	if (now < jitter->next_ns)
		return;
	jitter->next_ns = now + (every_ns > EVERY_NS ? every_ns : EVERY_NS);
	for (i = 0; i < jitter->nr && draw_period(jitter->hz, &period_ns); i++)
		ioctl(jitter->fds[i], PERF_EVENT_IOC_PERIOD, &period_ns);
}

void tick_jitter_close(struct tick_jitter *jitter)
{
	free(jitter->fds);
	*jitter = (struct tick_jitter){0};
}
