/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * return_check.h - checks that an address on a stack is a return address: the instruction before it is a call.
 *
 * Code without frame pointers uses their register for anything, and the kernel's walk follows its value anywhere. At the first
 * address that has no call before it, the walk has gone astray.
 */
#ifndef COLLECT_SAMPLES_RETURN_CHECK_H
#define COLLECT_SAMPLES_RETURN_CHECK_H

#include "collect/target/target.h"

#define RETURN_CACHE 1024	/* a power of two */

/* Addresses that passed the check. Most recur in many samples, and to read the target's memory takes a system call. */
struct return_cache {
	struct {
		__u64 address;
		pid_t pid;
	} slots[RETURN_CACHE];
};

/* Returns true if there is a call before the address, or if the target has ended and cannot be read any more. */
bool return_check(struct return_cache *cache, const struct target *target, __u64 address);

#endif
