/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* error.h - reports an error and returns its code in one statement: return fail(-EINVAL, "cannot ...: ..."). */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/* Stores the message that dcbs_profiler_error() returns to this thread, and returns err. */
int fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
