/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * isolate.h - parses a target's files in a process without rights, while the profiler still has all of its own.
 *
 * Attaching needs rights, and needs to know where in a file to put a probe. After it the profiler has given its rights up, and
 * parses by itself.
 */
#ifndef HOST_ISOLATE_H
#define HOST_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>

/* From now on calls are isolated, or they are not any more. */
void isolate_use(bool on);

/*
 * Calls call(ctx, result) in a process of its own, and copies the result of `size` bytes from it, which must hold no pointer into
 * allocated memory and no descriptor. Returns 0 or -errno: -ETIMEDOUT if it took longer than a second, -EIO if the process ended
 * without a result. If calls are not isolated, it calls directly.
 */
int isolate_call(void (*call)(void *ctx, void *result), void *ctx, void *result, size_t size);

#endif
