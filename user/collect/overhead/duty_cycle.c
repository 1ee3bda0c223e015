// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* duty_cycle.c - an event source that is enabled part of the time. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "collect/overhead/duty_cycle.h"

#define OFF_MOST_NS 60000000000ULL
#define EXTEND_NS 200000000ULL
#define VISITS_RATIO 10		/* an on-period lasts at least this many times as long as its two visits to threads */

void duty_cycle_init(struct duty_cycle *duty, const struct duty_cycle_ops *ops, void *ctx)
{
	*duty = (struct duty_cycle){.ops = ops, .ctx = ctx};
}

bool duty_cycle_is_started(const struct duty_cycle *duty)
{
	return duty->next_ns;
}

/* Varies a period by a quarter, so that it does not keep step with the target. */
static __u64 vary_period(double ns)
{
	return (__u64)(ns * (0.75 + 0.5 * drand48()));
}

static void begin_on_period(struct duty_cycle *duty, double ns)
{
	duty->spent_ns = 0;
	duty->off = false;
	duty->on_start_ns = duty->ops->now_ns();
	duty->next_ns = duty->on_start_ns + vary_period(ns);
}

/* The visit that begins an on-period is assumed to cost as much as the one that ended the last. */
static void switch_on(struct duty_cycle *duty)
{
	const struct duty_cycle_ops *ops = duty->ops;
	double ns = fmax((double)ops->on_ns, 2.0 * VISITS_RATIO * (double)duty->disable_ns);
	__u64 visits_ns = ops->visits_ns(duty->ctx);

	ops->settle(duty->ctx);
	if (ops->weigh)
		ops->weigh(duty->ctx, 1 + (double)(ops->now_ns() - duty->off_start_ns) / ns);
	ops->enable(duty->ctx);
	duty->enable_ns = ops->visits_ns(duty->ctx) - visits_ns;
	begin_on_period(duty, ns);
}

static void extend_on_period(struct duty_cycle *duty, __u64 ns)
{
	duty->ops->settle(duty->ctx);
	if (duty->ops->extend)
		duty->ops->extend(duty->ctx);
	duty->enable_ns = 0;
	begin_on_period(duty, (double)ns);
}

/* Returns how long the source has to be disabled for its cost to get down to the allowed share. 0 or less: it was cheap. */
static double off_period_ns(const struct duty_cycle *duty, double allowed)
{
	double took = duty->spent_ns + (double)duty->enable_ns + (double)duty->disable_ns;

	return fmin(took / allowed, (double)OFF_MOST_NS) - (double)(duty->ops->now_ns() - duty->on_start_ns);
}

static void end_on_period(struct duty_cycle *duty, double allowed)
{
	__u64 visits_ns = duty->ops->visits_ns(duty->ctx);

	if (off_period_ns(duty, allowed) <= 0) {
		extend_on_period(duty, EXTEND_NS);
		return;
	}
	duty->ops->disable(duty->ctx);
	duty->disable_ns = duty->ops->visits_ns(duty->ctx) - visits_ns;
	duty->off = true;
	duty->off_start_ns = duty->ops->now_ns();
	duty->next_ns = duty->off_start_ns + vary_period(fmax(0, off_period_ns(duty, allowed)));
}

static void switch_off(struct duty_cycle *duty, double allowed)
{
	duty->ops->settle(duty->ctx);
	end_on_period(duty, allowed);
}

void duty_cycle_poll(struct duty_cycle *duty, double allowed)
{
	assert(allowed > 0);
	if (!duty->next_ns || duty->ops->now_ns() < duty->next_ns)
		return;
	if (duty->off)
		switch_on(duty);
	else
		switch_off(duty, allowed);
}

void duty_cycle_start(struct duty_cycle *duty)
{
	extend_on_period(duty, duty->ops->on_ns);
}

void duty_cycle_start_off(struct duty_cycle *duty, double rate, double allowed)
{
	duty->ops->settle(duty->ctx);
	duty->spent_ns = rate * (double)duty->ops->on_ns;
	duty->on_start_ns = duty->ops->now_ns() - duty->ops->on_ns;
	end_on_period(duty, allowed);
}
